//! What was found while planning or applying, beside operations.

use rusqlite::params;

use super::RunFile;
use super::RunFileError;
use super::RunView;
use super::from_db;
use super::to_db;
use crate::diag::Code;
use crate::diag::Problem;
use crate::diag::Severity;
use crate::diag::Sources;

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProblemView {
    pub code: String,
    pub severity: Severity,
    pub message: String,
    pub help: Option<String>,
    pub file: Option<String>,
    pub line: Option<u64>,
    pub column: Option<u64>,
    pub step: Option<String>,
}

impl RunFile {
    /// What an earlier command found of a kind that is looked for anew.
    pub fn forget_problems(&self, code: Code) -> Result<(), RunFileError> {
        self.connection
            .prepare_cached("DELETE FROM problem WHERE code = ?1")?
            .execute((code.0,))?;
        Ok(())
    }

    /// Whether something of this kind was found of a step.
    pub fn has_problem(&self, code: Code, step: &str) -> Result<bool, RunFileError> {
        Ok(self
            .connection
            .prepare_cached("SELECT 1 FROM problem WHERE code = ?1 AND step = ?2")?
            .exists((code.0, step))?)
    }

    pub fn add_problem(&self, problem: &Problem, sources: &Sources) -> Result<(), RunFileError> {
        let place = problem
            .labels
            .first()
            .map(|(span, _)| (*span, sources.position(*span)));
        let (file, line, column) = match (&problem.row, place) {
            (Some(row), _) => (Some(row.file.clone()), Some(to_db(row.line)), None),
            (None, Some((span, at))) => {
                let file = sources.get(span.source).name.clone();
                (
                    Some(file),
                    Some(to_db(at.line as u64)),
                    Some(to_db(at.column as u64)),
                )
            }
            (None, None) => (None, None, None),
        };
        self.connection
            .prepare_cached(
                "INSERT INTO problem (code, severity, message, help, file, line, \"column\", step) \
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
            )?
            .execute(params![
                problem.code.0,
                problem.severity.as_str(),
                problem.said(),
                problem.help,
                file,
                line,
                column,
                problem.step
            ])?;
        Ok(())
    }
}

impl RunView {
    pub fn problems(&self) -> Result<Vec<ProblemView>, RunFileError> {
        let mut statement = self.connection.prepare_cached(
            "SELECT code, severity, message, help, file, line, \"column\", step FROM problem ORDER BY id",
        )?;
        let found = statement.query_map((), |row| {
            Ok(ProblemView {
                code: row.get(0)?,
                // Nothing that stands there is taken more lightly than it may be meant.
                severity: Severity::parse(&row.get::<_, String>(1)?).unwrap_or(Severity::Error),
                message: row.get(2)?,
                help: row.get(3)?,
                file: row.get(4)?,
                line: row.get::<_, Option<i64>>(5)?.map(from_db),
                column: row.get::<_, Option<i64>>(6)?.map(from_db),
                step: row.get(7)?,
            })
        })?;
        let mut problems = found.collect::<Result<Vec<_>, _>>()?;
        problems.extend(self.beside.iter().cloned());
        Ok(problems)
    }
}
