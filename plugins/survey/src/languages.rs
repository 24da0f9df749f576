//! How definitions begin in a language, as an expression for one line. Light on purpose: a line too many costs a few
//! tokens, and a parser for each language would cost megabytes.

/// A language, or several that write definitions alike.
#[derive(Debug)]
pub(crate) struct Language {
    /// What names of its files end with; the empty one stands for names without a dot.
    endings: &'static [&'static str],
    /// Fits a line that begins a definition.
    pub(crate) pattern: &'static str,
}

pub(crate) const LANGUAGES: &[Language] = &[
    Language {
        endings: &[".rs"],
        pattern: r#"^\s*(pub(\([^)]*\))?\s+)?((default|const|async|unsafe|extern(\s+"[^"]*")?)\s+)*(fn|struct|enum|union|trait|type|mod)\s+\w|^\s*(unsafe\s+)?impl\b|^\s*macro_rules!"#,
    },
    Language { endings: &[".py", ".pyi"], pattern: r"^\s*(async\s+def|def|class)\s+\w" },
    Language {
        endings: &[".ts", ".tsx", ".mts", ".cts", ".js", ".jsx", ".mjs", ".cjs", ".vue", ".svelte"],
        pattern: r"^\s*(export\s+)?(default\s+)?(declare\s+)?(abstract\s+)?(async\s+)?(function\b|class\s|interface\s|enum\s|namespace\s|type\s+\w+\s*[=<])|^\s*(export\s+)?(const|let|var)\s+\w+\s*(:[^=]+)?=\s*(async\s*)?(\(|function\b|\w+\s*=>)|^\s+((public|private|protected|static|readonly|async|override|get|set)\s+)*[#\w$]+\s*(<[^>]*>)?\([^;]*\)\s*(:\s*[^;{]+)?\{\s*$",
    },
    Language { endings: &[".go"], pattern: r"^(func|type)\s|^\s+\w+\s+(struct|interface)\s*\{" },
    Language {
        endings: &[".java", ".cs", ".kt", ".kts", ".scala"],
        pattern: r"^\s*((public|private|protected|internal|static|final|abstract|sealed|override|virtual|async|partial|open|data|case|readonly)\s+)*(class|interface|enum|record|struct|namespace|trait|object|fun|def)\s+\w|^\s*((public|protected|private|internal|static|final|abstract|override|virtual|async|synchronized)\s+)+[\w<>\[\],.? ]+\s\w+\s*\([^;=]*$",
    },
    Language { endings: &[".rb", ".rake"], pattern: r"^\s*(def|class|module)\s+\w" },
    Language {
        endings: &[".php"],
        pattern: r"^\s*((abstract|final|public|private|protected|static|readonly)\s+)*(function|class|interface|trait|enum|namespace)\s+&?\w",
    },
    Language {
        endings: &[".c", ".h", ".cc", ".cpp", ".cxx", ".hh", ".hpp", ".hxx", ".m", ".mm"],
        pattern: r"^\s*(template\s*<[^>]*>\s*)?(typedef\s+)?(struct|enum|union|class|namespace)\s+\w+[^;]*$|^[A-Za-z_][\w\s*&:<>,~]*[\s*&]~?[\w:~]+\s*\([^;]*$|^#define\s+\w+\(",
    },
    Language {
        endings: &[".swift"],
        pattern: r"^\s*((public|private|internal|open|static|final|override|@\w+)\s+)*(func|class|struct|enum|protocol|extension|actor)\s+\w",
    },
    Language { endings: &[".ex", ".exs"], pattern: r"^\s*(def|defp|defmodule|defmacro)\s+\w" },
    Language { endings: &[".sh", ".bash", ""], pattern: r"^\s*(function\s+)?[A-Za-z_][\w-]*\s*\(\)" },
];

/// Words that begin a line like a definition and begin none.
const NO_DEFINITION: &[&str] = &["if", "for", "while", "switch", "catch", "else", "return", "do", "try", "with", "case", "new", "throw"];

impl Language {
    /// Whether a file is written in it, by the file's name.
    pub(crate) fn is_of(&self, path: &str) -> bool {
        let name = path.rsplit('/').next().unwrap_or_default().to_lowercase();
        let ending = name.rfind('.').map_or("", |dot| &name[dot..]);
        self.endings.contains(&ending)
    }
}

/// Whether a line that fits a pattern does define something.
pub(crate) fn defines(line: &str) -> bool {
    let word = line.trim_start_matches(|letter: char| letter.is_whitespace() || letter == '}');
    let end = word.find(|letter: char| !letter.is_alphanumeric() && letter != '_').unwrap_or(word.len());
    !NO_DEFINITION.contains(&&word[..end])
}

#[cfg(test)]
mod tests {
    use super::*;
    use baton_sdk::files;
    use baton_sdk::testing::Host;

    /// The lines of a file that are found, by their numbers.
    fn found(path: &str, text: &str) -> Vec<u32> {
        let language = LANGUAGES.iter().find(|language| language.is_of(path)).expect("a language");
        let host = Host::new().with_file(path, text);
        let lines = host.inside(|| files::search(language.pattern, None, 100)).expect("a pattern that is accepted");
        lines.into_iter().filter(|line| defines(&line.text)).map(|line| line.line).collect()
    }

    #[test]
    fn definitions_of_each_language_are_found_and_statements_are_not() {
        let cases: &[(&str, &str, &[u32])] = &[
            (
                "a.rs",
                "pub(crate) async fn add() {\nlet a = 1;\nimpl Ledger {\n    const fn zero() -> u8 { 0 }\nuse a::b;\nstruct A;",
                &[1, 3, 4, 6],
            ),
            ("a.py", "import os\nclass Ledger:\n    async def add(self):\n        return define(1)\ndef x(): pass", &[2, 3, 5]),
            (
                "a.ts",
                "import a from 'a';\nexport default class Ledger {\n  private async add(entry: Entry): Promise<void> {\n    if (entry) {\n    }\n  }\n}\nexport const add = (a, b) => a + b;\nconst total = 3;\ntype Cents = number;",
                &[2, 3, 8, 10],
            ),
            ("a.js", "function add() {\n  for (;;) {\n  }\n  add(1);\n}\nclass A extends B {\n  get x() {\n", &[1, 6, 7]),
            ("a.go", "package a\nfunc (l *Ledger) Add(e Entry) error {\n\treturn nil\ntype Ledger struct {", &[2, 4]),
            ("A.java", "package a;\npublic class Ledger {\n    public static int add(int a) {\n        return add(a);\n    }\n}", &[2, 3]),
            (
                "a.cs",
                "using System;\nnamespace Kitty {\n  public record Entry(int Cents);\n  internal async Task<int> Add(int a)\n",
                &[2, 3, 4],
            ),
            ("a.rb", "require 'a'\nmodule Kitty\n  class Ledger\n    def add(entry)\n      entry.define\n", &[2, 3, 4]),
            ("a.php", "<?php\nfinal class Ledger {\n  public function add($a) {\n    return $a;\n", &[2, 3]),
            (
                "a.c",
                "#include <a.h>\nstruct ledger {\n  int x;\n};\nstatic int add(int a, int b)\n{\n  add(1, 2);\n}\nint declared(void);\n",
                &[2, 5],
            ),
            ("a.cpp", "namespace kitty {\nclass Ledger : public Base {\nvoid Ledger::add(int a) {\n  if (a) {\n", &[1, 2, 3]),
            ("kitty", "#!/bin/sh\nfail() {\n  exit 1\n}\nfail 3\n", &[2]),
        ];
        for (path, text, expected) in cases {
            assert_eq!(found(path, text), *expected, "{path}");
        }
    }

    #[test]
    fn a_file_of_no_language_has_none() {
        let has_language = |path: &str| LANGUAGES.iter().any(|language| language.is_of(path));
        assert!(!has_language("README.md") && has_language("a/b.RS") && has_language("tests/run"));
    }
}
