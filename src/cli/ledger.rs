//! Where the ledger of ids lies, and whether a command needs one.

use super::failure::Failure;
use super::instance::Session;
use super::load::Loaded;
use super::settings::Settings;
use super::turn;
use crate::check::CheckedStep;
use crate::ledger::Ledger;
use crate::runfile::Header;

/// The ledger of a run: beside the locks, where it stays on this machine. None where nothing is created, and none for a
/// sandbox whose records are gone with the command.
pub(crate) fn of(
    settings: &Settings,
    session: &Session,
    header: &Header,
    loaded: &Loaded,
) -> Result<Option<Ledger>, Failure> {
    let creates = loaded.checked.steps.iter().any(CheckedStep::creates);
    if !creates || session.is_of_this_process() {
        return Ok(None);
    }
    // Whoever has no place for it may plan. They cannot apply, since the lock of an apply lies in the same place.
    let Ok(folder) = turn::folder(&settings.environment) else {
        return Ok(None);
    };
    Ok(Some(Ledger::open(&folder, &header.identity)?))
}
