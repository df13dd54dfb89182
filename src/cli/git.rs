//! Manifests as they stand in revisions of a git repository, read by the `git` program. The working copy is not
//! touched.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::failure::Failure;
use crate::manifest::{Gathered, Source};

/// A commit, by the name that was given for it and by its id.
pub(super) struct Revision {
    name: String,
    id: String,
}

/// The commit that a word names in the repository that a path lies in.
pub(super) fn revision(word: &Path, within: &Path) -> Result<Revision, Failure> {
    let Some(name) = word.to_str().filter(|name| !name.starts_with('-')) else {
        let message = format!("`{}` is no revision", word.display());
        return Err(Failure::invalid(message, "name a branch, tag or commit".to_owned()));
    };
    let commit = format!("{name}^{{commit}}");
    match git(&anchor(within).0, ["rev-parse", "--verify", "--quiet", &commit].map(OsStr::new)) {
        Ok(id) => Ok(Revision { name: name.to_owned(), id: String::from_utf8_lossy(&id).trim().to_owned() }),
        Err(Unusable::Missing(failure)) => Err(failure),
        Err(Unusable::Said(said)) => {
            let why = if said.is_empty() { String::new() } else { format!(": {said}") };
            let help = "name a branch, tag or commit of the repository that the paths lie in".to_owned();
            Err(Failure::invalid(format!("git knows no revision `{name}`{why}"), help))
        }
    }
}

/// The manifests below paths as they stand in a revision: files that are named, and of directories what ends in
/// `.yaml`, `.yml` or `.json` and is not hidden. A link, or a repository within, that could hold some is refused: the
/// documents behind it would be missing without a word.
pub(super) fn gather(revision: &Revision, paths: &[PathBuf]) -> Result<Gathered, Failure> {
    let mut gathered = Gathered::default();
    for path in paths {
        if path.as_os_str() == "-" {
            let help = "name files or directories of the repository".to_owned();
            return Err(Failure::invalid("standard input is in no revision".to_owned(), help));
        }
        let (directory, inside) = anchor(path);
        let listed = tree(revision, &directory, &inside)?;
        if listed.is_empty() {
            let message = format!("nothing of `{}` is in revision `{}`", path.display(), revision.name);
            return Err(Failure::invalid(message, "name a file or directory that is".to_owned()));
        }
        for Entry { file, object } in listed {
            let name = format!("{}:{}", revision.name, directory.join(file).display());
            if gathered.sources.iter().any(|source| *source.name == *name) {
                continue;
            }
            let bytes = said(git(&directory, ["cat-file", "blob", &object].map(OsStr::new)))?;
            match String::from_utf8(bytes) {
                Ok(text) => gathered.sources.push(Source::new(&name, text)),
                Err(_) => {
                    let message = format!("`{name}` is not UTF-8");
                    return Err(Failure::invalid(message, "save the file as UTF-8".to_owned()));
                }
            }
        }
    }
    Ok(gathered)
}

/// The nearest directory that exists at or above a path, and what of the path lies below it.
fn anchor(path: &Path) -> (PathBuf, PathBuf) {
    let mut directory = path;
    while !directory.is_dir() {
        match directory.parent() {
            Some(parent) if !parent.as_os_str().is_empty() => directory = parent,
            _ => return (PathBuf::from("."), path.to_owned()),
        }
    }
    (directory.to_owned(), path.strip_prefix(directory).map(Path::to_owned).unwrap_or_default())
}

struct Entry {
    /// From the directory that was asked.
    file: String,
    object: String,
}

/// The files at or below a path that are manifests by their names, in order. Git lists what lies in its directory.
fn tree(revision: &Revision, directory: &Path, inside: &Path) -> Result<Vec<Entry>, Failure> {
    let mut args = ["ls-tree", "-r", "-z", &revision.id, "--"].map(OsStr::new).to_vec();
    args.extend((!inside.as_os_str().is_empty()).then_some(inside.as_os_str()));
    let listed = said(git(directory, args))?;
    let inside = inside.to_string_lossy();
    let mut entries = Vec::new();
    for line in listed.split(|&byte| byte == 0).filter(|line| !line.is_empty()) {
        let line = String::from_utf8_lossy(line);
        // `100644 blob <id>\t<path>`
        let Some((head, file)) = line.split_once('\t') else { continue };
        let below = file.strip_prefix(&*inside).unwrap_or(file);
        let is_hidden = below.split('/').any(|part| part.starts_with('.'));
        let is_manifest = [".yaml", ".yml", ".json"].iter().any(|end| file.ends_with(end));
        let mut words = head.split(' ');
        let object = match (words.next(), words.next(), words.next()) {
            (Some("100644" | "100755"), Some("blob"), Some(object)) => object,
            (Some("120000"), Some("blob"), Some(link)) if !is_hidden => {
                if is_manifest || !leads_to_a_file(revision, directory, file, link)? {
                    return Err(not_followed(revision, directory, file, "link"));
                }
                continue;
            }
            (Some("160000"), ..) if !is_hidden => return Err(not_followed(revision, directory, file, "submodule")),
            _ => continue,
        };
        if below.is_empty() || is_manifest && !is_hidden {
            entries.push(Entry { file: file.to_owned(), object: object.to_owned() });
        }
    }
    Ok(entries)
}

/// Whether a link leads to a file of the revision, which by the link's name is no manifest.
fn leads_to_a_file(revision: &Revision, directory: &Path, file: &str, link: &str) -> Result<bool, Failure> {
    let target = said(git(directory, ["cat-file", "blob", link].map(OsStr::new)))?;
    let target = String::from_utf8_lossy(&target);
    let above = file.rsplit_once('/').map_or(".", |(above, _)| above);
    let object = format!("{}:./{above}/{target}", revision.id);
    let kind = git(directory, ["cat-file", "-t", &object].map(OsStr::new));
    Ok(kind.is_ok_and(|kind| kind.trim_ascii() == b"blob"))
}

fn not_followed(revision: &Revision, directory: &Path, file: &str, what: &str) -> Failure {
    let file = directory.join(file);
    let message = format!("`{}:{}` is a {what}, which is not followed in a revision", revision.name, file.display());
    let help = "check both revisions out and compare the directories: `siting diff OLD NEW`".to_owned();
    Failure::invalid(message, help)
}

/// Why git gave no answer.
enum Unusable {
    /// It is not there.
    Missing(Failure),
    /// What it said on standard error.
    Said(String),
}

fn git<'a>(directory: &Path, args: impl IntoIterator<Item = &'a OsStr>) -> Result<Vec<u8>, Unusable> {
    let ran = Command::new("git").arg("-C").arg(directory).args(args).output().map_err(|error| {
        let help = "install git, or compare two directories: `siting diff OLD NEW`".to_owned();
        Unusable::Missing(Failure::invalid(format!("git cannot be run: {error}"), help))
    })?;
    if ran.status.success() {
        return Ok(ran.stdout);
    }
    let said = String::from_utf8_lossy(&ran.stderr);
    Err(Unusable::Said(said.trim().trim_start_matches("fatal: ").lines().next().unwrap_or_default().to_owned()))
}

fn said(answer: Result<Vec<u8>, Unusable>) -> Result<Vec<u8>, Failure> {
    answer.map_err(|unusable| match unusable {
        Unusable::Missing(failure) => failure,
        Unusable::Said(said) => {
            let help = "compare two directories instead: `siting diff OLD NEW`".to_owned();
            Failure::invalid(format!("git could not read the revision: {said}"), help)
        }
    })
}
