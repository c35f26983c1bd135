//! Reports of small run files, as people and programs get them.

mod fixtures;
mod html;
mod json;
mod lists;
mod markdown;
mod privacy;
mod text;

use std::io::Write;
use std::path::Path;

use super::Privacy;
use super::ReportError;
use crate::runfile::RunView;

/// Annotations of a workflow that runs at the top of its checkout.
fn write_github(view: &RunView, privacy: Privacy, out: &mut dyn Write) -> Result<(), ReportError> {
    super::write_github(view, privacy, Path::new(""), out)
}
