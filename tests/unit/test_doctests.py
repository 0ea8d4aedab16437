"""The examples of the docstrings run and are right."""

from __future__ import annotations

import doctest
from importlib import import_module
from pkgutil import walk_packages

import pytest

import omni_nb

MODULES = ["omni_nb", *(module.name for module in walk_packages(omni_nb.__path__, "omni_nb."))]


@pytest.mark.parametrize("name", MODULES)
def test_the_examples_of_a_module_are_right(name):
    assert doctest.testmod(import_module(name)).failed == 0


def test_there_are_examples():
    examples = [doctest.DocTestFinder().find(import_module(name)) for name in MODULES]
    assert sum(len(test.examples) for tests in examples for test in tests) > 30
