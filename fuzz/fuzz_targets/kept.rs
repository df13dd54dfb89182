#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| siting_fuzz::bodies::kept(bytes));
