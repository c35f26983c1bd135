//! Leave to write comes with the lock of a run file. Nobody else can make it up.

use sugarmill::runfile::Lock;
use sugarmill::runfile::Permit;

fn make_up(lock: Lock) -> Permit {
    Permit { _lock: lock }
}

fn main() {}
