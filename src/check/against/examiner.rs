//! One step under examination: what is found, and the look-ups every part of the examination shares.

use std::collections::BTreeSet;

use super::meaning::Meanings;
use crate::check::Checked;
use crate::check::CheckedInclude;
use crate::check::CheckedStep;
use crate::diag::Code;
use crate::diag::Located;
use crate::diag::Problem;
use crate::diag::Problems;
use crate::diag::Severity;
use crate::diag::Span;
use crate::diag::nearest;
use crate::metadata::Field;
use crate::metadata::Metadata;
use crate::metadata::Module;
use crate::metadata::Right;
use crate::playbook::VarDecl;
use crate::wire::ModuleName;
use crate::wire::SugarLabel;

/// What a missing right to write is worth: a plan may be made by someone who may only read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WriteAccess {
    Required,
    /// It is only warned of.
    Advised,
}

/// A module that metadata describes.
#[derive(Debug, Clone, Copy)]
pub(super) struct Described<'a> {
    pub(super) name: &'a str,
    pub(super) module: &'a Module,
}

/// What a playbook says outside of its steps.
#[derive(Debug, Clone, Copy)]
pub(in crate::check) struct Declared<'a> {
    pub(in crate::check) vars: &'a [VarDecl],
    pub(in crate::check) included: &'a [CheckedInclude],
    pub(in crate::check) has_zone: bool,
}

impl<'a> Declared<'a> {
    pub(super) fn by(checked: &'a Checked) -> Self {
        Self {
            vars: &checked.vars,
            included: &checked.included,
            has_zone: checked.settings.timezone.is_some(),
        }
    }
}

pub(super) struct Examiner<'a> {
    pub(super) declared: Declared<'a>,
    pub(super) metadata: &'a Metadata,
    pub(super) meanings: &'a Meanings<'a>,
    pub(super) step: &'a CheckedStep,
    pub(super) write_access: WriteAccess,
    pub(super) problems: &'a mut Problems,
}

/// The code of a mistake for which Sugar has a label.
pub(super) fn code(label: SugarLabel) -> Code {
    Code(label.as_str())
}

pub(super) fn invalid(message: impl Into<String>) -> Problem {
    Problem::error(code(SugarLabel::InvalidParameter), message)
}

pub(super) fn missing(message: impl Into<String>) -> Problem {
    Problem::error(code(SugarLabel::MissingParameter), message)
}

pub(super) fn not_found(message: impl Into<String>) -> Problem {
    Problem::error(code(SugarLabel::NotFound), message)
}

pub(super) fn not_authorized(message: impl Into<String>) -> Problem {
    Problem::error(code(SugarLabel::NotAuthorized), message)
        .help("run as a user whose role allows it, or have the role changed")
}

pub(super) fn warned(problem: Problem) -> Problem {
    Problem {
        severity: Severity::Warning,
        ..problem
    }
}

impl<'a> Examiner<'a> {
    pub(super) fn push(&mut self, problem: Problem) {
        self.problems.push(problem.step(&self.step.id));
    }

    /// A problem of one field: `unchecked` makes a warning of it.
    pub(super) fn push_of(&mut self, field: &str, problem: Problem) {
        self.push(if self.step.unchecked.contains(field) {
            warned(problem)
        } else {
            problem
        });
    }

    /// A right to write that is missing.
    pub(super) fn push_refusal(&mut self, problem: Problem) {
        self.push(match self.write_access {
            WriteAccess::Required => problem,
            WriteAccess::Advised => warned(problem),
        });
    }

    /// The module a name means; a problem if the instance does not have it.
    pub(super) fn module(&mut self, name: &'a Located<ModuleName>) -> Option<Described<'a>> {
        let text = name.value.as_str();
        // Without the list of all modules, one that is not described may well be there.
        if !self.metadata.module_list.is_empty() && !self.metadata.has_module(text) {
            let meant =
                plural(text, self.metadata).or_else(|| nearest(text, self.metadata.module_names()));
            let problem = not_found(format!("the instance has no module `{text}`"))
                .at(name.span, "named here")
                .help_if(meant.map(|meant| format!("did you mean `{meant}`?")));
            self.push(problem);
            return meant.and_then(|meant| self.described(meant));
        }
        self.described(text)
    }

    pub(super) fn described(&self, module: &'a str) -> Option<Described<'a>> {
        self.metadata
            .module(module)
            // A module of which only the hash came says nothing of its fields.
            .filter(|described| !described.fields.is_empty())
            .map(|described| Described {
                name: module,
                module: described,
            })
    }

    /// A field that is named; a problem if the module does not have it.
    pub(super) fn field(
        &mut self,
        described: Described<'a>,
        name: &str,
        span: Span,
    ) -> Option<&'a Field> {
        let field = described.module.field(name);
        // Of a template in a name it is told that there can be none.
        if field.is_none() && !name.contains("{{") {
            let problem = unknown_field(described, name).at(span, "named here");
            self.push_of(name, problem);
        }
        field
    }

    /// A field whose value is read or compared.
    pub(super) fn readable(
        &mut self,
        described: Described<'a>,
        name: &str,
        span: Span,
    ) -> Option<&'a Field> {
        let field = self.field(described, name, span)?;
        if described.module.acl.denies_field(name, Right::Read) {
            let problem = not_authorized(format!(
                "this user may not read `{name}` of `{}`",
                described.name
            ))
            .at(span, "named here");
            self.push_of(name, problem);
        }
        Some(field)
    }

    /// Whether this user may do a thing to a module's records at all.
    pub(super) fn may(&mut self, described: Described<'a>, right: Right, span: Span) {
        if !described.module.acl.closes(right) {
            return;
        }
        let what = match right {
            Right::View | Right::List | Right::Read => "read",
            Right::Edit | Right::Write => "edit",
            Right::Access => "access",
            Right::Create => "create",
            Right::Delete => "delete",
        };
        let problem = not_authorized(format!(
            "this user may not {what} records of `{}`",
            described.name
        ))
        .at(span, "asked for here");
        if self.step.is_write() {
            self.push_refusal(problem);
        } else {
            self.push(problem);
        }
    }
}

/// The module that one of its records is called by: `Opportunities` for `Opportunity`.
fn plural<'a>(name: &str, metadata: &'a Metadata) -> Option<&'a str> {
    let singular = |module: &str| match module.strip_suffix("ies") {
        Some(stem) => Some(format!("{stem}y")),
        None => module.strip_suffix('s').map(str::to_owned),
    };
    metadata
        .module_names()
        .find(|module| singular(module).is_some_and(|one| one.eq_ignore_ascii_case(name)))
}

/// The field that was probably meant.
pub(super) fn meant_field<'a>(described: Described<'a>, name: &str) -> Option<&'a str> {
    let fields = &described.module.fields;
    // What the studio adds ends in `_c`, which people leave out.
    match fields.get_key_value(&format!("{name}_c")) {
        Some((custom, _)) => Some(custom),
        None => nearest(name, fields.keys().map(String::as_str))
            .or_else(|| field_of_label(described, name)),
    }
}

/// The field whose name has the words of a label, as forms show it: `phone_office` for `Office Phone`, `status` for
/// `Lead Status`.
fn field_of_label<'a>(described: Described<'a>, label: &str) -> Option<&'a str> {
    if !label.contains(' ') {
        return None;
    }
    let words: BTreeSet<String> = label
        .split_whitespace()
        .map(|word| word.trim_end_matches(':').to_lowercase())
        .collect();
    let is_of_module = |word: &str| described.name.to_lowercase().starts_with(word);
    let fewer: BTreeSet<String> = words
        .iter()
        .filter(|word| !is_of_module(word))
        .cloned()
        .collect();
    let has_words = |name: &str, words: &BTreeSet<String>| {
        let mut count = 0;
        name.split('_').all(|word| {
            count += 1;
            words.contains(word)
        }) && count == words.len()
    };
    let mut names = described.module.fields.keys().map(String::as_str);
    names
        .clone()
        .find(|name| has_words(name, &words))
        .or_else(|| names.find(|name| has_words(name, &fewer)))
}

pub(super) fn unknown_field(described: Described<'_>, name: &str) -> Problem {
    // `{status:New}` is one name to YAML.
    let divided = name
        .split_once(':')
        .filter(|(field, _)| described.module.field(field).is_some())
        .map(|(field, value)| format!("write a blank behind the colon: `{field}: {value}`"));
    let meant = || meant_field(described, name).map(|meant| format!("did you mean `{meant}`?"));
    invalid(format!("`{}` has no field `{name}`", described.name)).help_if(divided.or_else(meant))
}
