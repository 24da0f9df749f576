//! The names of the tests that a text declares, by the forms that languages have for it. Reads no language: a name is a hint,
//! and a text without any may still hold tests.

use std::collections::BTreeSet;

/// What stands before the name of a test that is a function or a class.
const FUNCTIONS: &[&str] = &[
    "def test",
    "async def test",
    "class Test",
    "func Test",
    "func test",
    "function test",
    "public function test",
    "test_",
    "void test",
    "public void test",
];
/// What stands before the quoted name of a test.
const CALLS: &[&str] =
    &["it(", "test(", "it ", "test ", "@test ", "describe(", "context(", "specify ", "scenario ", "Deno.test(", "SECTION(", "TEST_CASE("];
/// What stands before the name of a test between brackets.
const MACROS: &[&str] = &["TEST(", "TEST_F(", "TEST_P("];
/// Lines after which a function is a test, whatever it is called.
const MARKS: &[&str] =
    &["#[test]", "#[tokio::test", "#[rstest", "#[test_case", "@Test", "@ParameterizedTest", "[Fact", "[Theory", "[Test]", "[TestMethod]"];
const WORDS_BEFORE_NAME: &[&str] = &["fn ", "fun ", "void ", "Task "];

pub(crate) fn names(text: &str) -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    let mut marked = false;
    for line in text.lines().map(str::trim) {
        if let Some(name) = declared(line).or_else(|| if marked { after_mark(line) } else { None }) {
            names.insert(name);
            marked = false;
        } else if MARKS.iter().any(|mark| line.starts_with(mark)) {
            marked = true;
        } else if !(line.is_empty() || line.starts_with(['#', '@', '[', '/'])) {
            marked = false;
        }
    }
    names
}

fn declared(line: &str) -> Option<String> {
    let function = FUNCTIONS.iter().find(|beginning| line.starts_with(**beginning)).and_then(|beginning| {
        let last = beginning.rfind(' ').map_or(0, |blank| blank + 1);
        let name = word(&line[last..]);
        let rest = line[last + name.len()..].trim_start();
        // A call of a function is not its declaration.
        let is_declared = !name.is_empty() && (beginning.contains(' ') || rest.starts_with("()") && rest.contains('{'));
        is_declared.then(|| name.to_owned())
    });
    let quoted = || CALLS.iter().find_map(|call| quoted(line.strip_prefix(call)?));
    let bracketed = || MACROS.iter().find_map(|call| Some(line.strip_prefix(call)?.split(')').next()?.trim().to_owned()));
    function.or_else(quoted).or_else(bracketed)
}

fn after_mark(line: &str) -> Option<String> {
    let name = WORDS_BEFORE_NAME.iter().find_map(|before| line.split_once(before)).map(|(_, rest)| word(rest))?;
    (!name.is_empty()).then(|| name.to_owned())
}

/// The first thing in quotes, right at the beginning.
fn quoted(rest: &str) -> Option<String> {
    let rest = rest.trim_start();
    let quote = rest.chars().next().filter(|first| matches!(first, '"' | '\'' | '`'))?;
    let name = rest[1..].split(quote).next().unwrap_or_default();
    // The shell's `test` compares what a command says, and has no name.
    (!name.is_empty() && !name.starts_with('$')).then(|| name.to_owned())
}

fn word(text: &str) -> &str {
    let end = text.find(|letter: char| !(letter.is_alphanumeric() || letter == '_')).unwrap_or(text.len());
    &text[..end]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tests_are_told_by_their_declarations() {
        let cases = [
            ("def test_sum(self):", "test_sum"),
            ("    async def test_sum():", "test_sum"),
            ("class TestSum(unittest.TestCase):", "TestSum"),
            ("func TestSum(t *testing.T) {", "TestSum"),
            ("#[test]\nfn adds_up() {", "adds_up"),
            ("#[tokio::test(flavor = \"multi_thread\")]\n#[ignore]\nasync fn adds_up() {", "adds_up"),
            ("@Test\npublic void addsUp() {", "addsUp"),
            ("@Test\nfun adds() {", "adds"),
            ("[Fact]\npublic async Task AddsUp()", "AddsUp"),
            ("it('adds up', () => {", "adds up"),
            ("test(\"adds up\", async () => {", "adds up"),
            ("it \"adds up\" do", "adds up"),
            ("@test \"adds up\" {", "adds up"),
            ("TEST_F(Sum, AddsUp) {", "Sum, AddsUp"),
            ("public function testSum(): void", "testSum"),
            ("test_sum() {", "test_sum"),
        ];
        for (text, name) in cases {
            assert_eq!(names(text).into_iter().collect::<Vec<_>>(), [name], "{text}");
        }
    }

    #[test]
    fn what_calls_or_resembles_a_test_declares_none() {
        for text in [
            "test_sum",
            "test_sum()",
            "test -f a",
            "test \"$(sh a)\" = 5 && exit",
            "it was",
            "fn adds_up() {",
            "#[test]\n\nlet x = 1;\nfn no() {",
            "latest(\"x\")",
            "",
        ] {
            assert!(names(text).is_empty(), "{text}");
        }
    }
}
