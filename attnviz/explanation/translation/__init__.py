"""Translations as they are written: word by word, with what each was read from, by one hypothesis or by a beam."""
