import unittest

from app import WitWorld


class Counting(unittest.TestCase):
    def test_counts_words(self):
        outcome = WitWorld().call_tool("count_words", '{"text": "one two  three"}')
        self.assertEqual((outcome.content, outcome.failed), ("3", False))
