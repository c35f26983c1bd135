//! What templates gave, judged as if it had been written out: a condition, the records of a link. While planning it is
//! known, and the server would say less of what is wrong with it.

use serde_json::Value as Json;

use super::examiner::Declared;
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

impl<'a> RenderedJudge<'a> {
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
        let (tree, meanings) = self.ground(written, value)?;
        let mut problems = Problems::default();
        let mut examiner = self.examiner(&meanings, &mut problems);
        let described = asked.and_then(|module| examiner.described(module));
        examiner.conditions(described, &tree);
        first(&problems)
    }

    /// The first thing that is wrong with the records that a link leads to.
    pub fn targets(
        self,
        module: &ModuleName,
        link: &LinkName,
        written: &Tree,
        value: &Json,
    ) -> Option<Problem> {
        let (tree, meanings) = self.ground(written, value)?;
        let mut problems = Problems::default();
        let mut examiner = self.examiner(&meanings, &mut problems);
        let described = examiner.described(module.as_str())?;
        examiner.relation_columns(described, link.as_str(), &tree);
        first(&problems)
    }

    /// The first thing that is wrong with the records that are linked along with a create.
    pub fn actions(
        self,
        module: &ModuleName,
        link: &str,
        written: &Tree,
        value: &Json,
    ) -> Option<Problem> {
        let (tree, meanings) = self.ground(written, value)?;
        let mut problems = Problems::default();
        let mut examiner = self.examiner(&meanings, &mut problems);
        let described = examiner.described(module.as_str())?;
        examiner.link_actions(described, link, &tree);
        first(&problems)
    }

    /// What check has not judged already: a value in which a template stood.
    fn ground(self, written: &Tree, value: &Json) -> Option<(Tree, Meanings<'a>)> {
        let is_rendered = written.literal().is_none();
        is_rendered.then(|| {
            (
                Tree::of_value(value, written.span),
                Meanings::of_values(self.metadata),
            )
        })
    }

    fn examiner<'t>(self, meanings: &'t Meanings<'t>, problems: &'t mut Problems) -> Examiner<'t>
    where
        'a: 't,
    {
        Examiner {
            declared: Declared::by(self.checked),
            metadata: self.metadata,
            meanings,
            step: self.step,
            write_access: WriteAccess::Advised,
            problems,
        }
    }
}

fn first(problems: &Problems) -> Option<Problem> {
    problems.iter().find(|problem| problem.is_error()).cloned()
}
