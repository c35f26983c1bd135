#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| sugarmill_fuzz::xlsx_rows(bytes));
