//! Why a report could not be made.

use std::io;

use crate::runfile::RunFileError;

#[derive(Debug, thiserror::Error)]
pub enum ReportError {
    #[error(transparent)]
    RunFile(#[from] RunFileError),
    /// A closed pipe is among these; whoever writes to one decides what that means.
    #[error("the report could not be written: {0}")]
    Write(#[from] io::Error),
    #[error("the page could not be made: {0}")]
    Page(#[from] minijinja::Error),
}
