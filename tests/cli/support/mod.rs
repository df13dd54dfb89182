//! Runs the command line on manifests in a directory of their own.
#![allow(dead_code, reason = "each test file uses some of it")]

use std::path::PathBuf;
use std::sync::atomic::{AtomicU32, Ordering};

use siting::cli::{Terminal, run};

use crate::reports::hold;

/// A directory that is gone after the test.
pub(crate) struct Folder(pub(crate) PathBuf);

impl Folder {
    /// With these files.
    pub(crate) fn of<C: AsRef<[u8]>>(files: &[(&str, C)]) -> Self {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let name = format!("siting-cli-{}-{}", std::process::id(), COUNT.fetch_add(1, Ordering::Relaxed));
        let folder = Self(std::env::temp_dir().join(name));
        std::fs::create_dir_all(&folder.0).unwrap();
        for (name, content) in files {
            std::fs::write(folder.0.join(name), content).unwrap();
        }
        folder
    }

    /// Runs `siting`, where `@` stands for this directory. Its path is left out of the answer.
    pub(crate) fn run(&self, args: &[&str]) -> Answer {
        let here = self.0.to_str().unwrap();
        let reported = args.contains(&"json") && args.first() != Some(&"schema");
        let args = args.iter().map(|arg| arg.replace('@', here));
        let (mut out, mut err) = (Vec::new(), Vec::new());
        let status = run(["siting".to_owned()].into_iter().chain(args), &mut out, &mut err, Terminal::default());
        let clean = |bytes| String::from_utf8(bytes).unwrap().replace(&format!("{here}/"), "").replace(here, ".");
        let answer = Answer { status: status.0, out: clean(out), err: clean(err) };
        if reported && answer.out.contains("\"kind\"") {
            hold(&answer.out);
        }
        answer
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// What a run printed and ended with.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u8,
    pub(crate) out: String,
    pub(crate) err: String,
}

impl Answer {
    /// Standard output, read as JSON.
    pub(crate) fn json(&self) -> serde_json::Value {
        serde_json::from_str(&self.out).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }
}
