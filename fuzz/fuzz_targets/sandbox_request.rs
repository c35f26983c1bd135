#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| sugarmill_fuzz::sandbox_request(bytes));
