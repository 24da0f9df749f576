//! Renders the blocks of templates as far as they can be decided. What cannot be decided stays as it is written.

use crate::variables::is_name;

/// Blocks inside each other; deeper ones are text.
const MOST_DEPTH: usize = 16;
/// Items of a list.
const MOST_ITEMS: usize = 200;
/// Bytes of what is rendered.
const LONGEST: usize = 1 << 20;
/// Bytes of a tag.
const LONGEST_TAG: usize = 300;
/// How far behind `{{if_name}}` its end is looked for.
const FARTHEST_CLOSE: usize = 16 << 10;

/// What blocks ask for.
pub trait Blocks {
    /// Whether a condition holds; none where nobody knows.
    fn decide(&self, condition: &str) -> Option<bool>;
    /// The value of a name.
    fn value(&self, name: &str) -> Option<String>;
}

/// What came of a template.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Rendered {
    /// The text.
    pub text: String,
    /// Conditions of blocks that nobody decided and that stay in the text.
    pub undecided: Vec<String>,
}

/// Renders `{{#if}}`, `{{#unless}}`, `{{#each}}`, `{{#name}}` and `{{if_name}}`. Names are left for later.
pub fn render(text: &str, blocks: &dyn Blocks) -> Rendered {
    let mut rendered = Rendered::default();
    write(&parse(text), text, blocks, &mut rendered);
    rendered
}

#[derive(Clone, Debug)]
enum Kind<'a> {
    If(&'a str),
    Unless(&'a str),
    Each(&'a str),
    Section(&'a str),
}

#[derive(Debug)]
struct Block<'a> {
    kind: Kind<'a>,
    /// What closes it.
    name: &'a str,
    start: usize,
    end: usize,
    then: Vec<Node<'a>>,
    otherwise: Vec<Node<'a>>,
    has_else: bool,
}

#[derive(Debug)]
enum Node<'a> {
    Text(usize, usize),
    Block(Block<'a>),
}

enum Mark<'a> {
    Open(Kind<'a>, &'a str),
    Else,
    Close(&'a str),
}

impl<'a> Block<'a> {
    fn body(&mut self) -> &mut Vec<Node<'a>> {
        if self.has_else { &mut self.otherwise } else { &mut self.then }
    }
}

fn parse(text: &str) -> Vec<Node<'_>> {
    let mut open: Vec<Block<'_>> = Vec::new();
    let mut top: Vec<Node<'_>> = Vec::new();
    let (mut written, mut position) = (0, 0);
    while let Some(found) = text[position..].find("{{") {
        let start = position + found;
        let Some((mark, end)) = read_mark(text, start) else {
            position = start + 2;
            continue;
        };
        position = end;
        let fits = match &mark {
            Mark::Open(..) => open.len() < MOST_DEPTH,
            Mark::Else => open.last().is_some_and(|block| !block.has_else),
            Mark::Close(name) => open.last().is_some_and(|block| block.name == *name),
        };
        if !fits {
            continue;
        }
        let (from, to) = whole_line(text, start, end);
        let body = open.last_mut().map_or(&mut top, Block::body);
        body.push(Node::Text(written, from));
        (written, position) = (to, to);
        match mark {
            Mark::Open(kind, name) => {
                open.push(Block { kind, name, start: from, end: to, then: Vec::new(), otherwise: Vec::new(), has_else: false });
            }
            Mark::Else => open.iter_mut().next_back().into_iter().for_each(|block| block.has_else = true),
            Mark::Close(_) => {
                if let Some(mut block) = open.pop() {
                    block.end = to;
                    open.last_mut().map_or(&mut top, Block::body).push(Node::Block(block));
                }
            }
        }
    }
    // A block that is not closed is text, and so is all behind it.
    let rest = open.first().map_or(written, |block| block.start);
    top.push(Node::Text(rest, text.len()));
    top
}

/// The mark that begins here, and where it ends.
fn read_mark(text: &str, start: usize) -> Option<(Mark<'_>, usize)> {
    let inside = head(text.get(start + 2..)?, LONGEST_TAG);
    let length = inside.find("}}")?;
    let (tag, end) = (inside[..length].trim(), start + 2 + length + 2);
    if tag.contains(['\n', '{']) {
        return None;
    }
    if let Some(name) = tag.strip_prefix('/') {
        return Some((Mark::Close(name.trim()), end));
    }
    if tag == "else" {
        return Some((Mark::Else, end));
    }
    if let Some(name) = tag.strip_prefix("if_").filter(|_| is_name(tag)) {
        let closes = head(&text[end..], FARTHEST_CLOSE).contains(&format!("{{{{/{tag}}}}}"));
        return closes.then_some((Mark::Open(Kind::If(name), tag), end));
    }
    let tag = tag.strip_prefix('#')?.trim_start();
    let (word, argument) = tag.split_once(char::is_whitespace).unwrap_or((tag, ""));
    let argument = argument.trim();
    let kind = match word {
        "if" => Kind::If(argument),
        "unless" => Kind::Unless(argument),
        "each" => Kind::Each(argument.split_whitespace().next().unwrap_or_default()),
        name if is_name(name) && argument.is_empty() => Kind::Section(name),
        _ => return None,
    };
    Some((Mark::Open(kind, word), end))
}

/// The beginning of a text: what follows is not looked at, however often that would be.
fn head(text: &str, most: usize) -> &str {
    &text[..text.floor_char_boundary(most)]
}

/// A mark that stands alone in its line takes the line with it.
fn whole_line(text: &str, start: usize, end: usize) -> (usize, usize) {
    let before = text[..start].trim_end_matches([' ', '\t']).len();
    let rest = text[end..].trim_start_matches([' ', '\t']);
    let after = text.len() - rest.len();
    let begins = before == 0 || text[..before].ends_with('\n');
    let line_end = if rest.starts_with("\r\n") { 2 } else { usize::from(rest.starts_with('\n')) };
    if begins && (line_end > 0 || rest.is_empty()) { (before, after + line_end) } else { (start, end) }
}

fn write(nodes: &[Node<'_>], source: &str, blocks: &dyn Blocks, rendered: &mut Rendered) {
    for node in nodes {
        if rendered.text.len() > LONGEST {
            return;
        }
        match node {
            Node::Text(start, end) => rendered.text.push_str(source.get(*start..*end).unwrap_or_default()),
            Node::Block(block) => write_block(block, source, blocks, rendered),
        }
    }
}

fn write_block(block: &Block<'_>, source: &str, blocks: &dyn Blocks, rendered: &mut Rendered) {
    let decided = match block.kind {
        Kind::If(condition) => (condition, blocks.decide(condition)),
        Kind::Unless(condition) => (condition, blocks.decide(condition).map(|holds| !holds)),
        Kind::Each(name) => return write_items(block, name, source, blocks, rendered),
        Kind::Section(name) => (name, blocks.decide(name)),
    };
    match decided {
        (_, Some(true)) => write(&block.then, source, blocks, rendered),
        (_, Some(false)) => write(&block.otherwise, source, blocks, rendered),
        (condition, None) => {
            rendered.undecided.push(condition.to_owned());
            rendered.text.push_str(&source[block.start..block.end]);
        }
    }
}

/// A list is a value with an item on each line, or with commas. Fields of items are for the agent.
fn write_items(block: &Block<'_>, name: &str, source: &str, blocks: &dyn Blocks, rendered: &mut Rendered) {
    let body = &source[block.start..block.end];
    let value = blocks.value(name).filter(|_| !body.contains("{{this."));
    let Some(value) = value else { return rendered.text.push_str(body) };
    let items = items(&value);
    if items.is_empty() {
        return write(&block.otherwise, source, blocks, rendered);
    }
    for (index, item) in items.iter().enumerate() {
        let mut inner = Rendered::default();
        write(&block.then, source, blocks, &mut inner);
        let text = inner.text.replace("{{@index}}", &index.to_string()).replace("{{this}}", item);
        if rendered.text.len() + text.len() > LONGEST {
            return;
        }
        rendered.text.push_str(&text);
        rendered.undecided.extend(inner.undecided);
    }
}

fn items(value: &str) -> Vec<&str> {
    let clean = |item: &'_ str| -> usize { item.len() - item.trim_start_matches(['-', '*', ' ', '\t']).len() };
    let separator = if value.trim().contains('\n') { '\n' } else { ',' };
    let items = value.split(separator).map(|item| item[clean(item)..].trim());
    items.filter(|item| !item.is_empty()).take(MOST_ITEMS).collect()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;

    use super::*;

    struct Known(BTreeMap<&'static str, &'static str>);

    impl Blocks for Known {
        fn decide(&self, condition: &str) -> Option<bool> {
            self.0.get(condition).map(|value| *value == "true")
        }

        fn value(&self, name: &str) -> Option<String> {
            self.0.get(name).map(|value| (*value).to_owned())
        }
    }

    fn rendered(text: &str) -> String {
        render(text, &known()).text
    }

    fn known() -> Known {
        Known(BTreeMap::from([
            ("ui", "true"),
            ("api", "false"),
            ("level > 1", "true"),
            ("beds", "herbs, roses"),
            ("rows", "- a\n- b\n"),
            ("none", ""),
        ]))
    }

    #[test]
    fn blocks_of_each_dialect_are_decided() {
        assert_eq!(rendered("a\n{{#if ui}}\nyes {{x}}\n{{else}}\nno\n{{/if}}\nb"), "a\nyes {{x}}\nb", "lines of marks go with them");
        assert_eq!(rendered("{{#if api}}A{{else}}B{{/if}}-{{#unless api}}C{{/unless}}-{{#ui}}D{{/ui}}-{{#api}}E{{/api}}"), "B-C-D-");
        assert_eq!(rendered("{{if_ui}}A{{/if_ui}} {{if_other}}"), "A {{if_other}}");
        assert_eq!(rendered("{{#if level > 1}}{{#if api}}A{{else}}B{{/if}}C{{/if}}"), "BC");
        assert_eq!(rendered("{{#each beds}}{{@index}}:{{this}};{{/each}}{{#each rows}}[{{this}}]{{/each}}"), "0:herbs;1:roses;[a][b]");
        assert_eq!(rendered("{{#each none}}A{{else}}nothing{{/each}}"), "nothing");
    }

    #[test]
    fn what_nobody_decides_stays_as_it_is_written() {
        let text = "a {{#if the user agrees}}x {{#if ui}}y{{/if}}{{else}}z{{/if}} b";
        let result = render(text, &known());
        assert_eq!((result.text.as_str(), &result.undecided[..]), (text, &["the user agrees".to_owned()][..]));
        let fields = "{{#each beds}}{{this.name}}{{/each}}";
        assert_eq!(rendered(fields), fields);
    }

    #[test]
    fn blocks_that_do_not_fit_are_text() {
        for text in
            ["{{#if ui}}a", "a{{/if}}", "{{else}}", "{{#if ui}}a{{/each}}", "{{#if", "{{}}", "{{#}}", "{{#if ui}}a{{#if api}}b{{/if}}"]
        {
            assert_eq!(rendered(text), text, "{text}");
        }
        let deep = format!("{}x{}", "{{#if ui}}".repeat(40), "{{/if}}".repeat(40));
        assert!(rendered(&deep).contains('x'));
    }

    proptest! {
        #[test]
        fn any_text_is_rendered(text in "(\\{\\{#if (ui|api|x)\\}\\}|\\{\\{else\\}\\}|\\{\\{/if\\}\\}|\\{\\{#each beds\\}\\}|\\{\\{/each\\}\\}|\\{\\{this\\}\\}|[a-zß \n{}#/]){0,40}") {
            let result = render(&text, &known());
            prop_assert!(result.text.len() <= text.len() * 64 + 64);
        }

        #[test]
        fn a_text_without_blocks_stays(text in "[a-zß \n{}/]{0,60}") {
            prop_assert_eq!(rendered(&text), text);
        }
    }
}
