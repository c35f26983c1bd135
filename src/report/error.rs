//! Why a report could not be made.

use std::error::Error as _;
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
    Page(minijinja::Error),
}

impl From<minijinja::Error> for ReportError {
    /// That it could not be written anywhere is no mistake of the page.
    fn from(error: minijinja::Error) -> Self {
        let cause = error
            .source()
            .and_then(|cause| cause.downcast_ref::<io::Error>());
        match cause {
            Some(cause) => Self::Write(match cause.raw_os_error() {
                Some(code) => io::Error::from_raw_os_error(code),
                None => io::Error::new(cause.kind(), cause.to_string()),
            }),
            None => Self::Page(error),
        }
    }
}
