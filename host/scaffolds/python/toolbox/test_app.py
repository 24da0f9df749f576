import unittest

from app import Words
from baton.testing import Host
from baton.tools import ToolOutcome


class Counting(unittest.TestCase):
    def test_counts_words(self):
        self.assertEqual(Host().call(Words, "count_words", {"text": "one two  three"}), ToolOutcome("3"))
