//! Who has a `Reader` does not have a `Writer` yet.

use sugarmill::client::Reader;
use sugarmill::client::Writer;

fn write_without_leave(reader: Reader) -> Writer {
    Writer::new(reader)
}

fn main() {}
