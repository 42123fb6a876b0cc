//! Where a project's sources stand as the builders of JavaScript and Python take them.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};

use crate::project::Project;

/// The folder of the sources, from the project's. Neither builder follows a link that leads out of the project, such
/// as to a file that several plugins share: where there is one, this is a copy without links.
pub(super) fn folder(project: &Project) -> Result<PathBuf> {
    let own = project.folder.join("src");
    if !leads_out(&own, &project.folder.canonicalize()?)? {
        return Ok("src".into());
    }
    let to = project.scratch()?.join("src");
    if to.exists() {
        std::fs::remove_dir_all(&to).with_context(|| format!("clearing {}", to.display()))?;
    }
    copy(&own, &to)?;
    Ok(to.strip_prefix(&project.folder)?.to_path_buf())
}

fn leads_out(folder: &Path, root: &Path) -> Result<bool> {
    for file in entries(folder)? {
        let real = file.canonicalize().with_context(|| format!("following {}", file.display()))?;
        if !real.starts_with(root) || (real.is_dir() && leads_out(&file, root)?) {
            return Ok(true);
        }
    }
    Ok(false)
}

fn copy(from: &Path, to: &Path) -> Result<()> {
    std::fs::create_dir_all(to).with_context(|| format!("making {}", to.display()))?;
    for file in entries(from)? {
        let to = to.join(file.file_name().unwrap_or_default());
        if file.is_dir() {
            copy(&file, &to)?;
        } else {
            std::fs::copy(&file, &to).with_context(|| format!("copying {}", file.display()))?;
        }
    }
    Ok(())
}

fn entries(folder: &Path) -> Result<Vec<PathBuf>> {
    let entries = std::fs::read_dir(folder).with_context(|| format!("reading {}", folder.display()))?;
    entries.map(|entry| Ok(entry?.path())).collect()
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;

    use super::*;

    #[test]
    fn only_links_that_lead_out_make_a_copy() {
        let outside = tempfile::tempdir().unwrap();
        std::fs::write(outside.path().join("shared.js"), "shared").unwrap();
        let folder = tempfile::tempdir().unwrap();
        let source = folder.path().join("src");
        std::fs::create_dir_all(source.join("deep")).unwrap();
        std::fs::write(folder.path().join("plugin.toml"), MANIFEST).unwrap();
        std::fs::write(source.join("plugin.js"), "own").unwrap();
        symlink("../plugin.js", source.join("deep/again.js")).unwrap();
        let project = Project::open(folder.path()).unwrap();
        assert_eq!(super::folder(&project).unwrap(), Path::new("src"));
        symlink(outside.path().join("shared.js"), source.join("deep/shared.js")).unwrap();
        let copied = folder.path().join(super::folder(&project).unwrap());
        assert_ne!(copied, source);
        let read = |file: &str| std::fs::read_to_string(copied.join(file)).unwrap();
        assert_eq!(
            [read("plugin.js"), read("deep/again.js"), read("deep/shared.js")],
            ["own", "own", "shared"]
        );
        assert!(!copied.join("deep/shared.js").is_symlink());
    }

    const MANIFEST: &str = "[plugin]\nid = \"org.example.tea\"\nname = \"Tea\"\nversion = \"1.0.0\"\napi = \"1.0\"\n\
                            [hooks.filter]\n";
}
