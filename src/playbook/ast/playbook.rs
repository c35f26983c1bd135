//! The top of a playbook, the variables it declares, and the playbooks within it.

use std::time::Duration;

use serde::Deserialize;
use serde::Serialize;

use super::super::node::Node;
use super::super::reach::Reach;
use super::DependsOn;
use super::Fields;
use super::LimitPlaces;
use super::Limits;
use super::Step;
use crate::diag::Located;
use crate::diag::Span;

#[derive(Debug, Clone, PartialEq)]
pub struct Playbook {
    pub name: Located<String>,
    pub description: Option<String>,
    /// Which files it may name.
    pub reach: Reach,
    pub vars: Vec<VarDecl>,
    pub limits: Limits,
    pub limit_places: LimitPlaces,
    pub settings: Settings,
    /// Those of included playbooks too, once [`assemble`](super::assemble) has read them.
    pub steps: Vec<Step>,
    /// Playbooks it names and that are not read yet.
    pub includes: Vec<Include>,
    /// Playbooks that are read, an outer one before those it includes; [`IncludedNo`] counts in it.
    pub included: Vec<Included>,
    /// The text of each file that is included, once.
    pub texts: Vec<IncludedText>,
    /// Name and template.
    pub outputs: Fields,
    pub identity: Option<Located<String>>,
    /// Raised to create again what an earlier run created and somebody deleted.
    pub generation: u64,
    pub unread: Unread,
}

/// Names that are written in a playbook's file, of parts that have mistakes in them and are missing from it.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Unread {
    /// Steps and includes, by the ids that their own file gives them.
    pub steps: Vec<String>,
    pub vars: Vec<String>,
    /// Whether there may be steps besides, of which not even the names are known.
    pub hides_steps: bool,
    /// The same for variables.
    pub hides_vars: bool,
    /// The verbs of steps that are there without some of their parts: what such a step lacks cannot be told.
    pub lacking: Vec<Span>,
    /// Of steps that are missing what may hold templates, with their ids.
    pub texts: Vec<(Option<String>, Located<String>)>,
}

/// An included playbook by its place in [`Playbook::included`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct IncludedNo(pub usize);

/// `include`, as it was written.
#[derive(Debug, Clone, PartialEq)]
pub struct Include {
    pub id: Located<String>,
    /// A path that begins at the folder of the playbook that includes it.
    pub file: Located<String>,
    /// Values for its vars; templates of the playbook that includes it.
    pub with: Fields,
    pub tags: Vec<String>,
    pub when: Option<Located<String>>,
    pub depends_on: Vec<DependsOn>,
    /// Whether all that it gives is known, and all names in that; not where a mistake hides some.
    pub is_known: bool,
    /// How many steps stand before it.
    pub place: usize,
    pub span: Span,
}

/// A playbook within another.
#[derive(Debug, Clone, PartialEq)]
pub struct Included {
    /// With its include path: `load`, or `load.contacts` where `load` includes it. The ids of its steps begin with it.
    pub id: Located<String>,
    /// The playbook that includes it; none, where that is the outer one.
    pub within: Option<IncludedNo>,
    pub with: Fields,
    /// Whether its steps do anything, in the eyes of the playbook that includes it.
    pub when: Option<Located<String>>,
    /// As of its [`Include`].
    pub is_known: bool,
    pub vars: Vec<VarDecl>,
    pub limits: Limits,
    pub limit_places: LimitPlaces,
    pub settings: Settings,
    pub outputs: Fields,
    pub unread: Unread,
}

/// The text of an included playbook, as a run file keeps it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct IncludedText {
    /// From the outer playbook's folder.
    pub path: String,
    pub text: String,
}

#[derive(Debug, Clone, PartialEq)]
pub struct VarDecl {
    pub name: Located<String>,
    pub kind: VarKind,
    pub required: bool,
    pub default: Option<Located<Node>>,
    pub description: Option<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum VarKind {
    String,
    Integer,
    Number,
    Boolean,
    Date,
    Datetime,
    List,
    Secret,
}

#[derive(Debug, Clone, PartialEq, Default)]
pub struct Settings {
    pub batch_size: Option<u32>,
    pub concurrency: Option<u32>,
    pub max_requests_per_second: Option<f64>,
    pub request_timeout: Option<Duration>,
    pub max_outage: Option<Duration>,
    pub timezone: Option<Located<String>>,
}
