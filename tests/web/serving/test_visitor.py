"""Who is at home: a browser on this machine, of a server that listens for it only, through no proxy."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from attnviz.runtime import Visitor, set_visitor
from attnviz.web.serving.visitor import at_home, current, is_loopback, kept

HERE = {"Host": "localhost:8501", "User-Agent": "a browser"}


@pytest.mark.parametrize("address", ["localhost", "127.0.0.1", "::1", "[::1]", "127.1.2.3", "LOCALHOST"])
def test_only_this_machine_reaches_loopback(address):
    assert is_loopback(address)
    assert at_home(address, None, HERE)


@pytest.mark.parametrize("address", ["0.0.0.0", "::", "", None, "192.168.1.5", "localhost.example", "here"])
def test_others_reach_every_other_address(address):
    assert not is_loopback(address)
    assert not at_home(address, None, HERE)


@pytest.mark.parametrize(
    "name", ["X-Forwarded-For", "x-forwarded-host", "Forwarded", "Via", "X-Real-IP", "X-Forwarded-Proto"]
)
def test_behind_a_proxy_nobody_is_at_home(name):
    assert not at_home("localhost", None, {**HERE, name: "127.0.0.1"})


@pytest.mark.parametrize(
    "host", ["evil.example", "evil.example:8501", "", "localhost.evil.example", "10.0.0.1"]
)
def test_a_name_that_was_pointed_here_is_another_site(host):
    assert not at_home("localhost", None, {"Host": host})


@pytest.mark.parametrize("host", ["127.0.0.1", "[::1]:8501", "localhost"])
def test_this_machine_by_its_names(host):
    assert at_home("127.0.0.1", None, {"host": host})


def test_a_client_from_elsewhere_is_not_at_home():
    assert not at_home("localhost", "10.0.0.7", HERE)


def test_a_browser_that_has_gone_is_not_at_home():
    assert not at_home("localhost", None, {})


def test_outside_of_a_session_there_is_no_visitor():
    assert current() is None


def test_a_file_that_another_thread_makes_is_made_in_the_name_of_who_asked():
    set_visitor(Visitor("one"))
    work = kept(current)
    set_visitor(None)
    with ThreadPoolExecutor(1) as pool:
        assert pool.submit(work).result(5) == Visitor("one")
        assert pool.submit(current).result(5) is None, "the thread itself is nobody's"
