//! What the sandbox takes for what it does, and what that is in truth: timers are no finer than a millisecond.

use std::time::Duration;
use std::time::Instant;

use serde_json::Value;
use serde_json::json;
use sugarmill::sandbox::CostModel;

use super::Failure;
use super::shop;
use super::shop::Shop;

/// The published costs, divided.
pub(crate) fn cost(workers: usize, faster: u32) -> CostModel {
    let whole = CostModel::SUGAR_2016;
    CostModel {
        request: whole.request / faster,
        create: whole.create / faster,
        update: whole.update / faster,
        delete: whole.delete / faster,
        read: whole.read / faster,
        workers,
    }
}

/// A request and an entry of each kind.
pub(crate) struct Price {
    pub(crate) request: Duration,
    pub(crate) create: Duration,
    pub(crate) link: Duration,
}

impl Price {
    pub(crate) async fn measured(faster: u32) -> Result<Self, Failure> {
        let shop = Shop::open(Some(cost(1, faster))).await?;
        let timed = async |entries: Vec<Value>| -> Result<Duration, Failure> {
            let begun = Instant::now();
            shop.bulk(&entries).await?;
            Ok(begun.elapsed())
        };
        let create = |number: usize| {
            shop::post(
                "Accounts",
                json!({ "id": format!("a{number}"), "name": "A" }),
            )
        };
        let one = timed(vec![create(0)]).await?;
        let many = timed((1..52).map(create).collect()).await?;
        let each = many.saturating_sub(one) / 50;
        shop.bulk(&[shop::post(
            "Contacts",
            json!({ "id": "c", "last_name": "C" }),
        )])
        .await?;
        let link = |number: usize| shop::link(&format!("a{number}"), "c");
        let links = timed((0..50).map(link).collect()).await?;
        let request = one.saturating_sub(each);
        Ok(Self {
            request,
            create: each,
            link: links.saturating_sub(request) / 50,
        })
    }
}
