//! Leave to write comes with the lock of a run file. Nobody else can make it up.

use sugarmill::Lock;
use sugarmill::Permit;

fn make_up(lock: Lock) -> Permit {
    Permit { _lock: lock }
}

fn main() {}
