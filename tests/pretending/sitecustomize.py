"""Python imports this at its start: a process that the tests start pretends as they do."""

from tests.pretending.gpu import install

install()
