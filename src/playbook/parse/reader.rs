//! What all parts of the parser share: where problems go, and how a value of a wrong kind is reported.

use std::collections::HashSet;
use std::ops::Range;

use super::super::code;
use super::super::node::Node;
use crate::diag::Located;
use crate::diag::Problem;
use crate::diag::Problems;
use crate::diag::Sources;
use crate::diag::Span;

pub(super) struct Reader<'s> {
    sources: &'s Sources,
    problems: Problems,
    /// What is wrong with the YAML.
    found: Vec<Problem>,
    /// Of what stands here it is told already what is wrong with it.
    unread: HashSet<Span>,
    /// Where lines stood that nobody could read.
    lines: Vec<Span>,
    /// Whether one of them may have been of what is being read, so that nothing seems missing.
    is_cut: bool,
    /// The step being read, for problems found inside it.
    step: Option<String>,
    /// The verbs of steps of which a part could not be read.
    lacking: Vec<Span>,
    /// Entries of `steps` that could not be read, with their ids.
    left_out: Vec<(Option<String>, Span)>,
}

impl<'s> Reader<'s> {
    pub(super) fn new(
        sources: &'s Sources,
        problems: Problems,
        unread: HashSet<Span>,
        lines: Vec<Span>,
    ) -> Self {
        Self {
            sources,
            problems: Problems::default(),
            found: problems.into_iter().collect(),
            unread,
            is_cut: !lines.is_empty(),
            lines,
            step: None,
            lacking: Vec::new(),
            left_out: Vec::new(),
        }
    }

    /// Of the step with this verb a part could not be read, which is told already.
    pub(super) fn lacks_a_part(&mut self, verb: Span) {
        self.lacking.push(verb);
    }

    pub(super) fn lacking(&mut self) -> Vec<Span> {
        std::mem::take(&mut self.lacking)
    }

    /// What is wrong, and which entries of `steps` are missing because of it.
    pub(super) fn finish(self) -> (Problems, Vec<(Option<String>, Span)>) {
        let problems = self.found.into_iter().chain(self.problems).collect();
        (problems, self.left_out)
    }

    pub(super) fn leave_out(&mut self, id: Option<&str>, entry: Span) {
        self.left_out.push((id.map(str::to_owned), entry));
    }

    /// Whether nothing is wrong with the YAML.
    pub(super) fn is_whole(&self) -> bool {
        self.found.is_empty()
    }

    pub(super) fn enter_step(&mut self, id: Option<&str>, span: Span) {
        self.step = id.map(str::to_owned);
        for problem in &mut self.found {
            let place = problem.labels.first().map(|(place, _)| *place);
            if place.is_some_and(|place| span.start() <= place.start() && place.end() <= span.end())
            {
                problem.step.clone_from(&self.step);
            }
        }
    }

    /// Another help for what is wrong with the YAML at a place.
    pub(super) fn explain(&mut self, place: Span, help: &str) {
        for problem in &mut self.found {
            if problem.labels.first().is_some_and(|(at, _)| *at == place) {
                problem.help = Some(help.to_owned());
            }
        }
    }

    pub(super) fn leave_step(&mut self) {
        self.step = None;
    }

    /// Whether lines are missing from the item of a list that is read next, and goes on to where another begins.
    pub(super) fn goes_on_in(&mut self, item: Range<usize>) -> bool {
        let column = self.column_of(item.start);
        let are_of_it = |lines: &Span| {
            item.contains(&lines.start())
                && !(begins_item(self.written(*lines)) && self.column_of(lines.start()) < column)
        };
        self.is_cut = self.lines.iter().any(are_of_it);
        self.is_cut
    }

    fn column_of(&self, place: usize) -> usize {
        let Some(lines) = self.lines.first() else {
            return 0;
        };
        let before = self.sources.get(lines.source).text.get(..place);
        let line = before.and_then(|before| before.rsplit('\n').next());
        line.map_or(0, |line| line.chars().count())
    }

    /// The ids of steps that lines had which are missing, and whether others may be missing too.
    pub(super) fn missing_steps(&self) -> (Vec<String>, bool) {
        let mut all = Vec::new();
        let mut hides_others = false;
        for lines in &self.lines {
            let written = self.written(*lines);
            let ids: Vec<String> = written.lines().filter_map(id_in).collect();
            // An item of a step's own lists has no keys.
            hides_others |= ids.is_empty() && begins_item(written) && written.contains(':');
            all.extend(ids);
        }
        (all, hides_others)
    }

    /// Whether lines are missing that stood in a part of the file, or had its key.
    pub(super) fn lacks_lines_of(&self, key: &str, part: Option<&Range<usize>>) -> bool {
        self.lines.iter().any(|lines| {
            let is_inside = part.is_some_and(|part| part.contains(&lines.start()));
            let has_key = |line: &str| {
                line.strip_prefix(key)
                    .is_some_and(|behind| behind.starts_with(':'))
            };
            is_inside || self.written(*lines).lines().any(has_key)
        })
    }

    pub(super) fn report(&mut self, problem: Problem) {
        if self.is_cut && [code::MISSING_PARAMETER, code::NO_VERB].contains(&problem.code) {
            return;
        }
        if let Some((place, _)) = problem.labels.first()
            && self.unread.contains(place)
        {
            return;
        }
        self.problems.push(match &self.step {
            Some(step) => problem.step(step),
            None => problem,
        });
    }

    /// Of what stands here a mistake is told that may make others of it.
    pub(super) fn say_no_more_of(&mut self, span: Span) {
        self.unread.insert(span);
    }

    /// The text as it stands in the file, quotes included.
    pub(super) fn written(&self, span: Span) -> &'s str {
        self.sources.text(span)
    }

    /// `` `limit` wants a whole number``, under the value what it is.
    pub(super) fn wrong_kind(&mut self, name: &str, wanted: &str, found: &Located<Node>) {
        let problem = wants(name, wanted, found);
        self.report(problem);
    }

    /// A value of the right kind that does not do.
    pub(super) fn invalid(&mut self, span: Span, message: String, label: &str, help: String) {
        self.report(
            Problem::error(code::INVALID_PARAMETER, message)
                .at(span, label)
                .help(help),
        );
    }
}

/// Whether a text begins with the dash of an item, or with what stands in its place.
fn begins_item(text: &str) -> bool {
    let first = text.trim_start().chars().next();
    first.is_some_and(|first| {
        !first.is_alphanumeric() && !matches!(first, '"' | '\'' | '/' | '<' | '=' | '[' | '{')
    })
}

/// The `a` of `- id: a`, whatever is wrong with the rest of the line.
fn id_in(line: &str) -> Option<String> {
    let entry = line.trim_start_matches(|letter: char| !letter.is_alphanumeric());
    let behind = entry.strip_prefix("id")?;
    let id = behind.trim_start_matches([':', '：', '=', ' ']);
    let is_of_id = |letter: char| letter.is_ascii_alphanumeric() || letter == '_';
    let id: String = id.chars().take_while(|letter| is_of_id(*letter)).collect();
    (!id.is_empty() && !behind.starts_with(is_of_id)).then_some(id)
}

/// What a key wants, and under the value what it is instead.
pub(super) fn wants(name: &str, wanted: &str, found: &Located<Node>) -> Problem {
    let problem = Problem::error(code::INVALID_PARAMETER, format!("`{name}` wants {wanted}"));
    match &found.value {
        Node::Null => problem
            .because(found.span, "there is nothing here")
            .help(format!("write a value, or remove `{name}`")),
        Node::Text(text) if is_template(text) => {
            problem.because(found.span, "a template is not evaluated here")
        }
        Node::Text(text) if text.trim().is_empty() => problem.because(found.span, "this is empty"),
        other => problem.because(found.span, format!("this is {}", other.kind())),
    }
}

pub(super) fn is_template(text: &str) -> bool {
    text.contains("{{") || text.contains("{%")
}
