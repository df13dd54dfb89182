//! Fleets, policies and questions for benchmarks: the same on every run and every machine.
#![allow(dead_code, reason = "every benchmark uses a part of it")]

pub(crate) mod ask;
pub(crate) mod asked;
pub(crate) mod assignment;
pub(crate) mod clusters;
pub(crate) mod fgd;
pub(crate) mod openb;
pub(crate) mod question;
pub(crate) mod random;
pub(crate) mod text;
pub(crate) mod values;
