//! The report as JSON, written page by page, and its schema.

use std::io;
use std::io::Write;

use serde::Serialize;
use serde::Serializer;
use serde::ser::Error as _;
use serde::ser::SerializeSeq;
use serde_json::Value as Json;

use super::OperationReport;
use super::Privacy;
use super::Report;
use super::ReportError;
use super::source::Source;
use crate::runfile::RunView;
use crate::runfile::StepView;
use crate::runfile::Which;

/// Beyond this many operations only those that went wrong are listed, unless all are asked for.
const LISTED_AT_MOST: u64 = 10_000;

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Options {
    pub privacy: Privacy,
    pub operations: Operations,
}

/// Which operations a JSON report lists.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Operations {
    /// All up to 10,000; beyond that failed and unknown ones.
    #[default]
    Readable,
    /// `--operations all`.
    All,
}

/// The report in memory. For a run of any size, [`write_json`].
pub fn read(view: &RunView, options: Options) -> Result<Report, ReportError> {
    let source = Source::open(view, options.privacy)?;
    let listed = Listed::of(&source, options.operations)?;
    source.report(|step| {
        let mut operations = Vec::new();
        source.first(step, listed.which(&source, step), u64::MAX, |operation| {
            operations.push(operation);
            Ok(())
        })?;
        Ok(operations)
    })
}

/// Writes the report as one JSON document with a line break behind it. What it lists is never in memory as a whole.
pub fn write_json(
    view: &RunView,
    options: Options,
    out: &mut dyn Write,
) -> Result<(), ReportError> {
    let source = Source::open(view, options.privacy)?;
    let listed = Listed::of(&source, options.operations)?;
    let report = source.report(|step| {
        Ok(Paged {
            source: &source,
            which: listed.which(&source, step),
            step: step.clone(),
        })
    })?;
    serde_json::to_writer_pretty(&mut *out, &report).map_err(io::Error::from)?;
    out.write_all(b"\n")?;
    Ok(())
}

/// The JSON Schema of the report.
pub fn schema() -> Json {
    schemars::generate::SchemaSettings::draft2020_12()
        .for_serialize()
        .into_generator()
        .into_root_schema_for::<Report>()
        .to_value()
}

/// Whether this run is small enough to list all of it.
#[derive(Debug, Clone, Copy)]
enum Listed {
    All,
    Bad,
}

impl Listed {
    fn of(source: &Source<'_>, operations: Operations) -> Result<Self, ReportError> {
        let is_large = source.operation_count()? > LISTED_AT_MOST;
        Ok(match operations {
            Operations::Readable if is_large => Self::Bad,
            Operations::Readable | Operations::All => Self::All,
        })
    }

    /// Reads and asserts are listed only where they failed.
    fn which(self, source: &Source<'_>, step: &StepView) -> Which {
        match self {
            Self::All if step.writes => Which::All,
            Self::All | Self::Bad => source.standing.wrong(),
        }
    }
}

/// A step's operations, read while they are written.
struct Paged<'a> {
    source: &'a Source<'a>,
    step: StepView,
    which: Which,
}

impl Serialize for Paged<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut list = serializer.serialize_seq(None)?;
        let mut after = None;
        loop {
            let (page, more): (Vec<OperationReport>, _) = self
                .source
                .page(&self.step, self.which, after, u32::MAX)
                .map_err(S::Error::custom)?;
            for operation in &page {
                list.serialize_element(operation)?;
            }
            match more {
                Some(last) => after = Some(last),
                None => return list.end(),
            }
        }
    }
}
