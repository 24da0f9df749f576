# Runs the tests of the folder: by pytest where it is installed, else by unittest, which comes with Python.
import importlib.util
import sys
import unittest

if importlib.util.find_spec("pytest"):
    import pytest

    sys.exit(pytest.main(["-q", "-p", "no:cacheprovider"]))

print("!! pytest is not installed here: the tests run with unittest, which finds only those in classes.", file=sys.stderr)
result = unittest.main(module=None, argv=["unittest"], exit=False).result
if not result.testsRun:
    sys.exit("unittest finds no test. Put the tests into classes, or install pytest: `.venv/bin/pip install pytest`.")
sys.exit(not result.wasSuccessful())
