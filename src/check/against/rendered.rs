//! What templates gave, judged as if it had been written out: a condition, the records of a link. While planning it is
//! known, and the server would say less of what is wrong with it.

use serde_json::Value as Json;

use super::examiner::Declared;
use super::examiner::Described;
use super::examiner::Examiner;
use super::examiner::WriteAccess;
use super::meaning::Meanings;
use crate::check::Checked;
use crate::check::CheckedStep;
use crate::diag::Problem;
use crate::diag::Problems;
use crate::expr::Tree;
use crate::metadata::Metadata;
use crate::wire::LinkName;
use crate::wire::ModuleName;

/// Judges what the templates of a step gave for one item.
#[derive(Clone, Copy)]
pub struct RenderedJudge<'a> {
    pub checked: &'a Checked,
    pub metadata: &'a Metadata,
    pub step: &'a CheckedStep,
}

impl RenderedJudge<'_> {
    /// The first thing that is wrong with the condition of a read.
    pub fn condition(
        self,
        module: &ModuleName,
        through: Option<&LinkName>,
        written: &Tree,
        value: &Json,
    ) -> Option<Problem> {
        let asked = match through {
            Some(link) => self.metadata.far_module(module.as_str(), link.as_str()),
            None => Some(module.as_str()),
        };
        self.judge(asked, written, value, |examiner, described, tree| {
            examiner.conditions(described, tree);
        })
    }

    /// The first thing that is wrong with the records that a link leads to.
    pub fn targets(
        self,
        module: &ModuleName,
        link: &LinkName,
        written: &Tree,
        value: &Json,
    ) -> Option<Problem> {
        self.judge_of(module, written, value, |examiner, described, tree| {
            examiner.relation_columns(described, link.as_str(), tree);
        })
    }

    /// The first thing that is wrong with the records that are linked along with a create.
    pub fn actions(
        self,
        module: &ModuleName,
        link: &str,
        written: &Tree,
        value: &Json,
    ) -> Option<Problem> {
        self.judge_of(module, written, value, |examiner, described, tree| {
            examiner.link_actions(described, link, tree);
        })
    }

    /// The same as [`Self::judge`] of what belongs to a module, if that is described.
    fn judge_of(
        self,
        module: &ModuleName,
        written: &Tree,
        value: &Json,
        look: impl for<'t> FnOnce(&mut Examiner<'t>, Described<'t>, &'t Tree),
    ) -> Option<Problem> {
        let module = Some(module.as_str());
        self.judge(module, written, value, |examiner, described, tree| {
            if let Some(described) = described {
                look(examiner, described, tree);
            }
        })
    }

    /// The first thing that `look` finds in what check has not judged already: a value in which a template stood.
    fn judge(
        self,
        module: Option<&str>,
        written: &Tree,
        value: &Json,
        look: impl for<'t> FnOnce(&mut Examiner<'t>, Option<Described<'t>>, &'t Tree),
    ) -> Option<Problem> {
        if written.literal().is_some() {
            return None;
        }
        let tree = Tree::of_value(value, written.span);
        let meanings = Meanings::of_values(self.metadata);
        let mut problems = Problems::default();
        let mut examiner = Examiner {
            declared: Declared::by(self.checked),
            metadata: self.metadata,
            meanings: &meanings,
            step: self.step,
            write_access: WriteAccess::Advised,
            problems: &mut problems,
        };
        let described = module.and_then(|module| examiner.described(module));
        look(&mut examiner, described, &tree);
        problems.iter().find(|problem| problem.is_error()).cloned()
    }
}
