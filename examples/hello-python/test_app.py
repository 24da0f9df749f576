import unittest

from app import run
from baton.testing import Host


class Greeting(unittest.TestCase):
    def test_greets_by_name(self):
        self.assertEqual(Host().run(run, {"name": "Mary"}), {"hello": "Mary"})
