//! Planning has a `Reader`. There is no way to hand it a write.

use sugarmill::client::Reader;
use sugarmill::wire::Write;

async fn write_while_planning(reader: &Reader, write: Write) {
    let _ = reader.send(vec![write]).await;
}

fn main() {}
