"""Twenty sentences in English and Portuguese with the links of their words, written for benchmarks/models.py by hand.

A link is a pair of places among the words (Portuguese, English); words without a counterpart have none, and a word with
several may be linked to any of them.
"""

PAIRS = (
    ("The cat sleeps on the roof.", "O gato dorme no telhado.", "0-0 1-1 2-2 3-3 3-4 4-5"),
    ("She opened the window.", "Ela abriu a janela.", "0-0 1-1 2-2 3-3"),
    ("My brother bought a red car.", "Meu irmão comprou um carro vermelho.", "0-0 1-1 2-2 3-3 4-5 5-4"),
    ("The children play in the garden.", "As crianças brincam no jardim.", "0-0 1-1 2-2 3-3 3-4 4-5"),
    ("We drank cold water.", "Nós bebemos água fria.", "0-0 1-1 2-3 3-2"),
    ("The old house has five windows.", "A casa velha tem cinco janelas.", "0-0 1-2 2-1 3-3 4-4 5-5"),
    ("He writes letters to his mother.", "Ele escreve cartas para sua mãe.", "0-0 1-1 2-2 3-3 4-4 5-5"),
    ("The train arrived late yesterday.", "O trem chegou tarde ontem.", "0-0 1-1 2-2 3-3 4-4"),
    ("I read an interesting book.", "Eu li um livro interessante.", "0-0 1-1 2-2 3-4 4-3"),
    (
        "The teacher asked a difficult question.",
        "O professor fez uma pergunta difícil.",
        "0-0 1-1 2-2 3-3 4-5 5-4",
    ),
    ("They live near the river.", "Eles moram perto do rio.", "0-0 1-1 2-2 3-2 3-3 4-4"),
    ("The white horse runs fast.", "O cavalo branco corre rápido.", "0-0 1-2 2-1 3-3 4-4"),
    ("Our friends visited the museum.", "Nossos amigos visitaram o museu.", "0-0 1-1 2-2 3-3 4-4"),
    ("The doctor spoke with the patient.", "O médico falou com o paciente.", "0-0 1-1 2-2 3-3 4-4 5-5"),
    ("She wants a small table.", "Ela quer uma mesa pequena.", "0-0 1-1 2-2 3-4 4-3"),
    ("The dog found a black hat.", "O cachorro encontrou um chapéu preto.", "0-0 1-1 2-2 3-3 4-5 5-4"),
    ("Three birds sang in the morning.", "Três pássaros cantaram de manhã.", "0-0 1-1 2-2 3-3 3-4 4-5"),
    ("The farmer sells fresh bread.", "O agricultor vende pão fresco.", "0-0 1-1 2-2 3-4 4-3"),
    ("You forgot the new key.", "Você esqueceu a chave nova.", "0-0 1-1 2-2 3-4 4-3"),
    ("The rain stopped before noon.", "A chuva parou antes do meio-dia.", "0-0 1-1 2-2 3-3 4-3 4-4 5-4"),
)
