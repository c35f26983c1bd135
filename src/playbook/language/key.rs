//! One key of the language.

/// A key somebody may write, with what belongs behind it.
#[derive(Debug, Clone, Copy)]
pub struct Key {
    pub name: &'static str,
    pub need: Need,
    pub shape: Shape,
    /// One line, a fragment that fits after a colon.
    pub help: &'static str,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Need {
    Required,
    Optional,
}

/// What a value looks like.
#[derive(Debug, Clone, Copy)]
pub enum Shape {
    /// The number 1, which is the version of the language.
    Version,
    /// Text that is taken as it is.
    Text,
    /// `[a-z][a-z0-9_]*`: what templates can name.
    Name,
    /// The name of a module, a link or a field, written out.
    SugarName,
    /// Text that may hold templates.
    Template,
    /// An expression, with or without `{{ }}`.
    Expression,
    /// One expression or a list of them.
    Expressions,
    JsonPath,
    Flag,
    /// A whole number, not below the one given.
    WholeNumber(u64),
    /// A number above 0, with or without a fraction.
    PositiveNumber,
    /// A number of failures, or a percentage.
    Tolerance,
    /// `30s`, `5m`, `2h`, `1d`.
    Duration,
    /// A version of sugarmill.
    Release,
    /// Exactly one character.
    Character,
    OneOf(&'static [&'static str]),
    Texts,
    SugarNames,
    /// A map from a field to its value, templates at any depth.
    Fields,
    /// Names of outputs, each with a template.
    Outputs,
    /// Sugar's filter language.
    Condition,
    /// The id of a record.
    Record,
    /// A path behind the version, as one text or part by part.
    Path,
    /// A map of any JSON, or a list; templates at any depth.
    Body,
    /// An id, a list of ids, or maps with `id` and relationship columns.
    Targets,
    /// `{}`: the verb takes nothing.
    Nothing,
    Any,
    ForEach,
    /// What `for_each` takes, but for files.
    Rows,
    Expect,
    OnError,
    DependsOn,
    Verify,
    Vars,
    Steps,
    /// A map with these keys.
    Map(&'static [Key]),
}

impl Key {
    pub(super) const fn required(name: &'static str, shape: Shape, help: &'static str) -> Self {
        Self {
            name,
            need: Need::Required,
            shape,
            help,
        }
    }

    pub(super) const fn optional(name: &'static str, shape: Shape, help: &'static str) -> Self {
        Self {
            need: Need::Optional,
            ..Self::required(name, shape, help)
        }
    }

    pub fn is_required(&self) -> bool {
        self.need == Need::Required
    }
}

/// The key of that name.
pub fn find<'k>(keys: &'k [Key], name: &str) -> Option<&'k Key> {
    keys.iter().find(|key| key.name == name)
}
