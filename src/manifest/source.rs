//! Texts and where they come from: files, directories, standard input.

use std::collections::HashSet;
use std::fs;
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::origin::{Origin, Problem, ProblemCode, printable};

/// The most bytes of one file.
const MAX_BYTES: u64 = 64 << 20;

/// The most directories of one load.
const MAX_DIRECTORIES: usize = 100_000;

/// The endings of files that are read from a directory.
const ENDINGS: [&str; 3] = ["yaml", "yml", "json"];

/// A text, and the name that problems give for it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Source {
    /// The file as the user named it; `<stdin>` for standard input.
    pub name: Arc<str>,
    /// What it holds.
    pub text: String,
}

impl Source {
    /// A text with a name; unprintable characters in the name are escaped.
    pub fn new(name: &str, text: impl Into<String>) -> Self {
        Self { name: printable(name).into(), text: text.into() }
    }
}

/// What [`gather`] found.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Gathered {
    /// The texts, in the order of the paths, and by name within a directory.
    pub sources: Vec<Source>,
    /// What could not be read.
    pub problems: Vec<Problem>,
}

/// Reads all `paths`: each a file, a directory (with all below it that ends in `.yaml`, `.yml` or
/// `.json`; hidden entries are skipped) or `-` for standard input. What cannot be read is a problem,
/// and does not hide other problems. A file that is reached twice is read once.
///
/// ```
/// let gathered = siting::manifest::gather(&["no/such/file.yaml"]);
/// assert_eq!(gathered.problems[0].code.as_str(), "unreadable-file");
/// ```
#[must_use]
pub fn gather<P: AsRef<Path>>(paths: &[P]) -> Gathered {
    let mut walk = Walk { most: MAX_DIRECTORIES, ..Walk::default() };
    for path in paths {
        let path = path.as_ref();
        if path == Path::new("-") {
            walk.standard_input();
        } else {
            walk.explicit(path);
        }
    }
    walk.found
}

/// A walk over paths: what it found and where it has been.
#[derive(Default)]
struct Walk {
    found: Gathered,
    /// Files and directories that were read, whatever links led to them.
    read: HashSet<Identity>,
    standard_input: bool,
    /// How many files have been met, those that were read before among them.
    seen: usize,
    /// How many directories have been met, and how many may be.
    directories: usize,
    most: usize,
    /// The directories that the walk is in, to notice links that lead back.
    inside: HashSet<Identity>,
}

impl Walk {
    /// A path that the user named: it must exist, and a file may have any ending.
    fn explicit(&mut self, path: &Path) {
        match fs::metadata(path) {
            Err(error) => self.unreadable(path, &error),
            Ok(metadata) if metadata.is_dir() => self.named_directory(path),
            Ok(_) => self.file(path),
        }
    }

    /// A directory that the user named must hold something: an empty one is probably a mistake.
    fn named_directory(&mut self, path: &Path) {
        let met = |walk: &Self| (walk.seen, walk.found.problems.len());
        let before = met(self);
        self.directory(path);
        if met(self) == before {
            let message = format!("`{}` contains no manifests", path.display());
            let help = "a directory is searched for `*.yaml`, `*.yml` and `*.json`, and all below it; hidden entries are skipped";
            self.problem(ProblemCode::UnreadableFile, path, message, Some(help));
        }
    }

    /// A directory and all below it, however deep: the open directories are kept in a list.
    fn directory(&mut self, path: &Path) {
        let mut open: Vec<_> = self.enter(path).into_iter().collect();
        while let Some((found, entries)) = open.last_mut() {
            match entries.next() {
                Some(entry) if self.is_directory(&entry) => open.extend(self.enter(&entry)),
                Some(_) => {}
                None => {
                    self.inside.remove(found);
                    open.pop();
                }
            }
        }
    }

    /// The entries of a directory that has not been read; what is wrong with another is recorded.
    fn enter(&mut self, path: &Path) -> Option<(Identity, std::vec::IntoIter<PathBuf>)> {
        let listed = identity(path).and_then(|found| Ok((found, sorted_entries(path)?)));
        let (found, entries) = match listed {
            Ok(listed) => listed,
            Err(error) => {
                self.unreadable(path, &error);
                return None;
            }
        };
        if self.inside.contains(&found) {
            let message = format!("`{}` links back to a directory that contains it", path.display());
            self.problem(ProblemCode::UnreadableFile, path, message, Some("remove the link"));
            return None;
        }
        if !self.read.insert(found.clone()) {
            // Its entries have been read.
            self.seen += 1;
            return None;
        }
        self.directories += 1;
        if self.directories > self.most {
            if self.directories == self.most + 1 {
                let message = format!("there are more than {} directories", self.most);
                let help = Some("name those that contain manifests");
                self.problem(ProblemCode::LimitExceeded, path, message, help);
            }
            return None;
        }
        self.inside.insert(found.clone());
        Some((found, entries.into_iter()))
    }

    /// Whether an entry of a directory is one itself; any other is read. Links are followed.
    fn is_directory(&mut self, path: &Path) -> bool {
        let wanted =
            path.extension().and_then(|ending| ending.to_str()).is_some_and(|ending| ENDINGS.contains(&ending));
        match fs::metadata(path) {
            Ok(metadata) if metadata.is_dir() => return true,
            Ok(_) if !wanted => {}
            Ok(metadata) if metadata.is_file() => self.file(path),
            Ok(_) => {
                let message = format!("`{}` is not a regular file", path.display());
                self.problem(ProblemCode::UnreadableFile, path, message, None);
            }
            // A dangling link may have been a directory, so its ending says nothing.
            Err(error) => self.unreadable(path, &error),
        }
        false
    }

    fn file(&mut self, path: &Path) {
        self.seen += 1;
        if let Ok(found) = identity(path)
            && !self.read.insert(found)
        {
            return;
        }
        match fs::File::open(path).and_then(bounded) {
            Ok(bytes) => self.text(&path.display().to_string(), bytes),
            Err(error) => self.unreadable(path, &error),
        }
    }

    fn standard_input(&mut self) {
        if std::mem::replace(&mut self.standard_input, true) {
            return;
        }
        match bounded(io::stdin().lock()) {
            Ok(bytes) => self.text("<stdin>", bytes),
            Err(error) => self.unreadable(Path::new("<stdin>"), &error),
        }
    }

    fn text(&mut self, name: &str, bytes: Vec<u8>) {
        if bytes.len() as u64 > MAX_BYTES {
            let message = format!("`{name}` is larger than {} MiB", MAX_BYTES >> 20);
            return self.problem(
                ProblemCode::LimitExceeded,
                Path::new(name),
                message,
                Some("split it into several files"),
            );
        }
        match String::from_utf8(bytes) {
            Ok(text) => self.found.sources.push(Source::new(name, text)),
            Err(error) => {
                let good = error.utf8_error().valid_up_to();
                let before = String::from_utf8_lossy(error.as_bytes().get(..good).unwrap_or_default());
                let origin = end_of(name, &before);
                let problem = Problem::new(
                    ProblemCode::InvalidUtf8,
                    &origin,
                    format!("`{name}` is not valid UTF-8 from here on"),
                );
                self.found.problems.push(problem.help("save the file as UTF-8"));
            }
        }
    }

    fn unreadable(&mut self, path: &Path, error: &io::Error) {
        let message = format!("`{}` cannot be read: {}", path.display(), reason(error));
        self.problem(ProblemCode::UnreadableFile, path, message, None);
    }

    fn problem(&mut self, code: ProblemCode, path: &Path, message: String, help: Option<&str>) {
        let mut problem = Problem::new(code, &Origin::of_file(&path.display().to_string()), message);
        problem.help = help.map(str::to_owned);
        self.found.problems.push(problem);
    }
}

/// What identifies a file or directory, whatever path leads to it.
#[derive(Clone, PartialEq, Eq, Hash)]
struct Identity(#[cfg(unix)] (u64, u64), #[cfg(not(unix))] PathBuf);

/// One question to the system, however deep the path is.
#[cfg(unix)]
fn identity(path: &Path) -> io::Result<Identity> {
    use std::os::unix::fs::MetadataExt;
    fs::metadata(path).map(|found| Identity((found.dev(), found.ino())))
}

#[cfg(not(unix))]
fn identity(path: &Path) -> io::Result<Identity> {
    fs::canonicalize(path).map(Identity)
}

/// The entries of a directory that are not hidden, by name.
fn sorted_entries(path: &Path) -> io::Result<Vec<PathBuf>> {
    let mut entries = Vec::new();
    for entry in fs::read_dir(path)? {
        let entry = entry?;
        if !entry.file_name().as_encoded_bytes().starts_with(b".") {
            entries.push(entry.path());
        }
    }
    entries.sort();
    Ok(entries)
}

/// All bytes, or one more than is allowed.
fn bounded(input: impl Read) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    input.take(MAX_BYTES + 1).read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// An error of the operating system in plain words, without its number.
fn reason(error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::NotFound => "it does not exist".to_owned(),
        io::ErrorKind::PermissionDenied => "permission denied".to_owned(),
        _ => {
            let text = error.to_string();
            let plain = text.split(" (os error").next().unwrap_or_default();
            plain
                .chars()
                .next()
                .map(|first| first.to_lowercase().chain(plain.chars().skip(1)).collect())
                .unwrap_or_default()
        }
    }
}

/// The place just after `before`.
fn end_of(name: &str, before: &str) -> Origin {
    let before = before.strip_prefix('\u{feff}').unwrap_or(before);
    let line = before.bytes().filter(|&byte| byte == b'\n').count() + 1;
    let column = before.rsplit('\n').next().unwrap_or_default().chars().count() + 1;
    let count = |number: usize| u32::try_from(number).unwrap_or(u32::MAX);
    Origin { line: count(line), column: count(column), length: 1, ..Origin::of_file(name) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn directories_are_bounded() {
        let root = std::env::temp_dir().join(format!("siting-source-{}", std::process::id()));
        for name in ["a", "b", "c"] {
            fs::create_dir_all(root.join(name)).unwrap();
            fs::write(root.join(name).join("x.yaml"), "").unwrap();
        }
        let walked = |most| {
            let mut walk = Walk { most, ..Walk::default() };
            walk.explicit(&root);
            (walk.found.sources.len(), walk.found.problems)
        };
        let (within, beyond) = (walked(4), walked(2));
        fs::remove_dir_all(&root).unwrap();
        assert_eq!(within, (3, Vec::new()));
        assert_eq!(beyond.0, 1);
        assert_eq!(beyond.1.len(), 1);
        assert_eq!(beyond.1[0].code, ProblemCode::LimitExceeded);
        assert_eq!(beyond.1[0].message, "there are more than 2 directories");
    }
}
