//! Makes a sheet of instructions with tags. Every executable becomes a statement, and every other text context or prose.

use super::{Fill, Passage, Place, Sheet, Statement, Step, Target, flow, invocations, outputs};
use crate::conditions::Condition;
use crate::markup::{Document, Element, Kind, Node, NodeId, Tag, Tree};

/// Reads a parsed file.
pub(super) fn read(document: &Document) -> Sheet {
    let mut reader = Reader { document, steps: 0 };
    let source = &document.source;
    let mut sheet = Sheet {
        file: source.path.clone(),
        format: document.format,
        rules: Vec::new(),
        context: Vec::new(),
        variables: Default::default(),
        steps: Vec::new(),
    };
    reader.read_outer(Tree::ROOT, &mut sheet);
    resolve_targets(&mut sheet);
    sheet
}

struct Reader<'a> {
    document: &'a Document,
    steps: usize,
}

impl Reader<'_> {
    /// The document and its workflow: rules, context, steps, and executables that stand outside of steps.
    fn read_outer(&mut self, parent: NodeId, sheet: &mut Sheet) {
        let mut loose: Vec<NodeId> = Vec::new();
        for (id, node) in self.document.tree.children(parent) {
            match &node.kind {
                Kind::Element(element) if element.tag == Tag::Workflow => {
                    self.end_loose(&mut loose, sheet);
                    self.read_outer(id, sheet);
                }
                Kind::Element(element) if is_step(element.tag) => {
                    self.end_loose(&mut loose, sheet);
                    let step = self.step(id, node, element);
                    sheet.steps.push(step);
                }
                Kind::Element(element) if element.tag == Tag::Critical => sheet.rules.extend(self.passage(id)),
                Kind::Element(element) if !element.tag.is_context() => loose.push(id),
                // Text between executables belongs to them, and text around to the whole.
                _ if loose.is_empty() => sheet.context.extend(self.passage(id)),
                _ => loose.push(id),
            }
        }
        self.end_loose(&mut loose, sheet);
    }

    /// Executables outside of steps make a step of their own.
    fn end_loose(&mut self, loose: &mut Vec<NodeId>, sheet: &mut Sheet) {
        let Some(first) = loose.first() else { return };
        let line = self.document.tree.node(*first).line;
        let body = self.statements(loose);
        loose.clear();
        self.steps += 1;
        let id = format!("implicit-{}", self.steps);
        sheet.steps.push(Step {
            id,
            title: String::new(),
            line,
            optional: false,
            repeat: None,
            condition: None,
            tag: None,
            reachable: true,
            body,
        });
    }

    fn step(&mut self, id: NodeId, node: &Node, element: &Element) -> Step {
        self.steps += 1;
        let text = |name| element.attribute(name).map(str::to_owned);
        Step {
            id: text("n").unwrap_or_else(|| format!("unnumbered-{}", self.steps)),
            title: text("goal").or_else(|| text("title")).unwrap_or_default(),
            line: node.line,
            optional: element.attribute("optional") == Some("true"),
            repeat: text("repeat"),
            condition: condition(element, node.line),
            tag: text("tag"),
            reachable: true,
            body: self.body(id),
        }
    }

    fn body(&mut self, id: NodeId) -> Vec<Statement> {
        let children = self.document.tree.node(id).children.clone();
        self.statements(&children)
    }

    fn statements(&mut self, ids: &[NodeId]) -> Vec<Statement> {
        let mut statements = Vec::new();
        let mut prose: Vec<NodeId> = Vec::new();
        for id in ids {
            let node = self.document.tree.node(*id);
            if let Kind::Element(element) = &node.kind {
                self.end_prose(&mut prose, &mut statements);
                self.element(*id, node, &element.clone(), &mut statements);
            } else {
                prose.push(*id);
            }
        }
        self.end_prose(&mut prose, &mut statements);
        statements
    }

    /// Text without a tag: the list after an action that ends with a colon is part of the action.
    fn end_prose(&mut self, prose: &mut Vec<NodeId>, statements: &mut Vec<Statement>) {
        let Some(mut passage) = self.join(prose) else {
            prose.clear();
            return;
        };
        prose.clear();
        if let Some(Statement::Action { passage: action, body, .. }) = statements.last_mut()
            && body.is_empty()
            && action.text.ends_with(':')
            && is_list(&passage.text)
        {
            action.text.push('\n');
            action.text.push_str(&passage.text);
            return;
        }
        let flow = flow::find(&passage.text, passage.line);
        passage.text.truncate(passage.text.trim_end().len());
        statements.push(Statement::Text { passage, flow });
    }

    fn element(&mut self, id: NodeId, node: &Node, element: &Element, statements: &mut Vec<Statement>) {
        let line = node.line;
        let condition = condition(element, line);
        let own = self.own_text(id);
        let passage = own.clone().unwrap_or(Passage { line, text: String::new() });
        match element.tag {
            Tag::Step | Tag::Substep | Tag::Workflow => {
                let step = Box::new(self.step(id, node, element));
                return statements.push(Statement::Step { step });
            }
            Tag::Check | Tag::If => {
                let condition = condition.or_else(|| element.attribute("selection").map(|selection| Condition::read(selection, line)));
                let body = self.body(id);
                return statements.push(Statement::Check { line, condition, body });
            }
            Tag::ForEach => {
                let named = element.attributes.first();
                let (item, collection) = named.map_or_else(Default::default, |named| (named.name.clone(), named.value.clone()));
                let body = self.body(id);
                return statements.push(Statement::ForEach { line, item, collection, body });
            }
            Tag::Action => {
                let flow = flow::find(&passage.text, passage.line);
                let inner = self.inner_elements(id);
                let body = self.statements(&inner);
                return statements.push(Statement::Action { passage: Passage { line, ..passage }, condition, flow, body });
            }
            Tag::Ask => {
                let variable = element.attribute("response").unwrap_or("answer").to_owned();
                let optional = element.attribute("optional") == Some("true");
                statements.push(Statement::Ask { passage: Passage { line, ..passage }, variable, condition, optional });
            }
            Tag::Output => statements.push(Statement::Output { passage: Passage { line, ..passage } }),
            Tag::TemplateOutput => {
                let fill: Fill = outputs::read(&passage.text);
                statements.push(Statement::TemplateOutput { line, fill, file: element.attribute("file").map(str::to_owned), condition });
            }
            Tag::Critical => return statements.extend(own.map(|passage| Statement::Rule { passage })),
            Tag::Goto => {
                let place = match element.attribute("step") {
                    Some(step) => Place::Step(step.to_owned()),
                    None => Place::Anchor(element.attribute("anchor").unwrap_or(passage.text.trim()).to_owned()),
                };
                let reason = if element.attribute("step").is_some() { passage.text.trim().to_owned() } else { String::new() };
                statements.push(Statement::Goto { line, target: Target { place, resolves: false }, condition, reason });
            }
            Tag::Anchor => statements.push(Statement::Anchor { line, id: element.attribute("id").unwrap_or_default().to_owned() }),
            Tag::InvokeWorkflow => {
                let params = self.params(id);
                return statements.push(invocations::workflow(element, &passage.text, &params, line));
            }
            Tag::InvokeTask => statements.push(invocations::task(element, &passage.text, line)),
            Tag::InvokeProtocol => {
                let name = element.attribute("name").unwrap_or_else(|| passage.text.trim()).to_owned();
                statements.push(Statement::Protocol { line, name });
            }
            Tag::WebSearch => {
                let query = element.attribute("query").unwrap_or_else(|| passage.text.trim()).to_owned();
                statements.push(Statement::Search { line, query, condition });
            }
            // A parameter outside of an invocation is text.
            Tag::Param => return statements.extend(own.map(|passage| Statement::Text { passage, flow: Vec::new() })),
            Tag::Example | Tag::Note | Tag::Format | Tag::Guide | Tag::Guidelines | Tag::Guideline => {
                let text = self.whole_text(id);
                let passage = Passage { line, text };
                return statements.push(Statement::Context { passage, tag: element.tag.name().to_owned() });
            }
        }
        // Executables inside of what has no body come after it.
        let inner = self.inner_elements(id);
        statements.extend(self.statements(&inner));
    }

    fn inner_elements(&self, id: NodeId) -> Vec<NodeId> {
        let children = self.document.tree.children(id);
        children.filter(|(_, child)| matches!(child.kind, Kind::Element(_))).map(|(child, _)| child).collect()
    }

    fn params(&self, id: NodeId) -> Vec<String> {
        let children = self.document.tree.children(id);
        let params = children.filter(|(_, child)| matches!(&child.kind, Kind::Element(element) if element.tag == Tag::Param));
        params.filter_map(|(child, _)| self.own_text(child)).map(|passage| passage.text).collect()
    }

    /// The text of an element without that of elements in it.
    fn own_text(&self, id: NodeId) -> Option<Passage> {
        let children: Vec<_> =
            self.document.tree.children(id).filter(|(_, child)| !matches!(child.kind, Kind::Element(_))).map(|(child, _)| child).collect();
        self.join(&children)
    }

    /// Everything between the tags of an element, as written.
    fn whole_text(&self, id: NodeId) -> String {
        let node = self.document.tree.node(id);
        let Kind::Element(element) = &node.kind else { return self.document.slice(node.span).to_owned() };
        let end = element.close.map_or(node.span.end, |close| close.start);
        self.document.slice(crate::source::Span { start: element.open.end, end }).trim().to_owned()
    }

    fn passage(&self, id: NodeId) -> Option<Passage> {
        match &self.document.tree.node(id).kind {
            Kind::Element(_) => Some(Passage { line: self.document.tree.node(id).line, text: self.whole_text(id) })
                .filter(|passage| !passage.text.is_empty()),
            _ => self.join(&[id]),
        }
    }

    /// Text, fences and inline code as they follow each other. Comments are left out.
    fn join(&self, ids: &[NodeId]) -> Option<Passage> {
        let mut text = String::new();
        let mut start = None;
        for id in ids {
            let node = self.document.tree.node(*id);
            if matches!(node.kind, Kind::Text | Kind::Fence | Kind::Code) {
                let piece = self.document.slice(node.span);
                if start.is_none() {
                    let space = piece.len() - piece.trim_start().len();
                    start = (space < piece.len()).then(|| node.span.start as usize + space);
                }
                text.push_str(piece);
            }
        }
        let line = self.document.source.line(start?);
        Some(Passage { line, text: text.trim().to_owned() })
    }
}

fn is_step(tag: Tag) -> bool {
    matches!(tag, Tag::Step | Tag::Substep)
}

fn condition(element: &Element, line: u32) -> Option<Condition> {
    element.attribute("if").map(|text| Condition::read(text, line))
}

fn is_list(text: &str) -> bool {
    let is_item = |line: &str| {
        let line = line.trim_start();
        let digits = line.bytes().take_while(u8::is_ascii_digit).count();
        line.starts_with(['-', '*', '+']) || digits > 0 && line[digits..].starts_with(['.', ')'])
    };
    text.lines().next().is_some_and(is_item)
}

/// Says of each jump whether it leads to a step or an anchor of the sheet.
pub(super) fn resolve_targets(sheet: &mut Sheet) {
    let steps: std::collections::BTreeSet<String> = sheet.all_steps().iter().map(|step| step.id.clone()).collect();
    let anchors: std::collections::BTreeSet<String> = sheet
        .statements()
        .into_iter()
        .filter_map(|statement| if let Statement::Anchor { id, .. } = statement { Some(id.clone()) } else { None })
        .collect();
    let exists = |place: &Place| match place {
        Place::Step(id) => steps.contains(id),
        Place::Anchor(id) => anchors.contains(id),
    };
    for step in &mut sheet.steps {
        resolve_in(&mut step.body, &exists);
    }
}

fn resolve_in(body: &mut [Statement], exists: &impl Fn(&Place) -> bool) {
    for statement in body {
        if let Statement::Goto { target, .. } = statement {
            target.resolves = exists(&target.place);
        }
        if let Statement::Text { flow, .. } | Statement::Action { flow, .. } = statement {
            for flow in flow {
                if let flow::FlowKind::Jump { place, resolves } = &mut flow.kind {
                    *resolves = exists(place);
                }
            }
        }
        if let Some(body) = statement.body_mut() {
            resolve_in(body, exists);
        }
    }
}
