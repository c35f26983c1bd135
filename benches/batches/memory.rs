//! The most memory of an import, which does not grow with its rows.

use std::collections::BTreeMap;
use std::time::Instant;

use super::Failure;
use super::ratio;
use super::report;
use super::shop::Shop;

pub(crate) async fn run(rows: usize) -> Result<(), Failure> {
    report("memory: peak of an import          plan     apply   seconds")?;
    let mut peaks = BTreeMap::new();
    for rows in [rows / 10, rows] {
        let shop = Shop::open(None).await?;
        let mut csv = String::from("code,name\n");
        for row in 0..rows {
            csv.push_str(&format!("A{row},Account {row}\n"));
        }
        shop.write("rows.csv", &csv)?;
        shop.write(
            "job.yaml",
            "version: 1\nname: load\nidentity: bench\nlimits: { max_changes: 10000000 }\nsteps:
  - id: accounts
    for_each: { csv: rows.csv }
    as: row
    key: '{{ row.code }}'
    create: Accounts
    set: { name: '{{ row.name }}' }
",
        )?;
        let begun = Instant::now();
        let plan = shop.mill("plan job.yaml -o job.run").await?.peak;
        let apply = shop.mill("apply job.run").await?.peak;
        peaks.insert(rows, plan.max(apply));
        report(&format!(
            "{rows:>9} rows              {:>6} KiB {:>6} KiB   {:>7.1}",
            plan,
            apply,
            begun.elapsed().as_secs_f64()
        ))?;
    }
    if let (Some(small), Some(large)) = (peaks.values().next(), peaks.values().last()) {
        let (small, large) = (usize::try_from(*small)?, usize::try_from(*large)?);
        report(&format!(
            "of the aim (<= 1.1)          {:>6.2}",
            ratio(large, small)
        ))?;
    }
    Ok(())
}
