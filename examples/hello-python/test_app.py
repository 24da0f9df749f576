import json
import unittest

from app import WitWorld


class Greeting(unittest.TestCase):
    def test_greets_by_name(self):
        outcome = WitWorld().run_workflow('{"name": "Mary"}')
        self.assertEqual(json.loads(outcome.output), {"hello": "Mary"})
