//! A mistake somebody made, as data: what, where, and what to do.

use super::Span;
use crate::text_enum::text_enum;

/// A stable short name. Where Sugar has a label for the mistake, the code is that label.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Code(pub &'static str);

text_enum! {
    #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
    pub enum Severity {
        Warning => "warning",
        Error => "error",
    }
}

/// A row of a data file.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Row {
    pub file: String,
    /// From 1; the heading of a CSV is a line too.
    pub line: u64,
}

/// Where it is said why a problem is one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Told {
    InMessage,
    /// Under the first place: without that the message is half of itself.
    UnderPlace,
}

#[derive(Debug, Clone, PartialEq)]
pub struct Problem {
    pub code: Code,
    pub severity: Severity,
    /// Lower case, no full stop, values in backticks.
    pub message: String,
    pub told: Told,
    pub help: Option<String>,
    /// The place, then places that explain it, each with what to write under it.
    pub labels: Vec<(Span, String)>,
    pub step: Option<String>,
    pub row: Option<Row>,
}

impl Problem {
    pub fn error(code: Code, message: impl Into<String>) -> Self {
        Self::new(code, Severity::Error, message)
    }

    pub fn warning(code: Code, message: impl Into<String>) -> Self {
        Self::new(code, Severity::Warning, message)
    }

    fn new(code: Code, severity: Severity, message: impl Into<String>) -> Self {
        Self {
            code,
            severity,
            message: message.into(),
            told: Told::InMessage,
            help: None,
            labels: Vec::new(),
            step: None,
            row: None,
        }
    }

    #[must_use]
    pub fn at(mut self, span: Span, label: impl Into<String>) -> Self {
        self.labels.push((span, label.into()));
        self
    }

    /// A place that says why: without what stands under it the message would be half of itself.
    #[must_use]
    pub fn because(mut self, span: Span, reason: impl Into<String>) -> Self {
        self.told = Told::UnderPlace;
        self.labels.insert(0, (span, reason.into()));
        self
    }

    /// The whole message, for where nothing is drawn under its place.
    pub fn said(&self) -> String {
        match (self.told, self.labels.first()) {
            (Told::UnderPlace, Some((_, reason))) => format!("{}: {reason}", self.message),
            (Told::UnderPlace, None) | (Told::InMessage, _) => self.message.clone(),
        }
    }

    #[must_use]
    pub fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    #[must_use]
    pub fn help_if(self, help: Option<String>) -> Self {
        match help {
            Some(help) => self.help(help),
            None => self,
        }
    }

    #[must_use]
    pub fn step(mut self, step: impl Into<String>) -> Self {
        self.step = Some(step.into());
        self
    }

    #[must_use]
    pub fn row(mut self, row: Row) -> Self {
        self.row = Some(row);
        self
    }

    pub fn is_error(&self) -> bool {
        self.severity == Severity::Error
    }
}

/// Everything found in one go, so that a reader mends it in one go.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Problems(Vec<Problem>);

impl Problems {
    pub fn push(&mut self, problem: Problem) {
        self.0.push(problem);
    }

    /// Leaves out what was said the moment before: one text may name the same thing in several ways.
    pub fn push_once(&mut self, problem: Problem) {
        if self.0.last() != Some(&problem) {
            self.0.push(problem);
        }
    }

    pub fn append(&mut self, other: Self) {
        self.0.extend(other.0);
    }

    pub fn extend(&mut self, problems: impl IntoIterator<Item = Problem>) {
        self.0.extend(problems);
    }

    /// The value, if nothing is wrong with it.
    pub fn or<T>(self, value: T) -> Result<T, Self> {
        if self.is_empty() {
            Ok(value)
        } else {
            Err(self)
        }
    }

    pub fn has_errors(&self) -> bool {
        self.0.iter().any(Problem::is_error)
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub fn iter(&self) -> std::slice::Iter<'_, Problem> {
        self.0.iter()
    }

    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// By place, errors and warnings mixed, as a reader goes through a file.
    pub fn sort(&mut self) {
        self.0.sort_by_key(|problem| {
            let place = problem
                .labels
                .first()
                .map(|(span, _)| (span.source, span.start()));
            (place.is_none(), place, problem.row.clone())
        });
    }
}

impl From<Problem> for Problems {
    fn from(problem: Problem) -> Self {
        Self(vec![problem])
    }
}

impl FromIterator<Problem> for Problems {
    fn from_iter<I: IntoIterator<Item = Problem>>(problems: I) -> Self {
        Self(problems.into_iter().collect())
    }
}

impl IntoIterator for Problems {
    type Item = Problem;
    type IntoIter = std::vec::IntoIter<Problem>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.into_iter()
    }
}

impl<'a> IntoIterator for &'a Problems {
    type Item = &'a Problem;
    type IntoIter = std::slice::Iter<'a, Problem>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.iter()
    }
}
