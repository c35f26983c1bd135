//! What all parts of the parser share: where problems go, and how a value of a wrong kind is reported.

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
    /// The step being read, for problems found inside it.
    step: Option<String>,
}

impl<'s> Reader<'s> {
    pub(super) fn new(sources: &'s Sources) -> Self {
        Self {
            sources,
            problems: Problems::default(),
            step: None,
        }
    }

    pub(super) fn into_problems(self) -> Problems {
        self.problems
    }

    pub(super) fn enter_step(&mut self, id: Option<&str>) {
        self.step = id.map(str::to_owned);
    }

    pub(super) fn leave_step(&mut self) {
        self.step = None;
    }

    pub(super) fn report(&mut self, problem: Problem) {
        self.problems.push(match &self.step {
            Some(step) => problem.step(step),
            None => problem,
        });
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
