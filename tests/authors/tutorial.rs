//! A document's boxes as a script: what is to be typed, and the files that are to be written.

/// The document, from this crate's folder.
const FILE: &str = "../docs/plugins/tutorial.md";

/// The tutorial.
pub(super) struct Tutorial {
    text: String,
}

impl Tutorial {
    pub(super) fn read() -> Self {
        let file = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join(FILE);
        Self { text: std::fs::read_to_string(file).expect("the tutorial") }
    }

    /// What one types who reads these chapters, in this order. It ends at the first command that fails.
    pub(super) fn script(&self, chapters: &[&str]) -> String {
        let mut script = String::from("set -euxo pipefail\n");
        for chapter in chapters {
            let boxes = boxes(self.chapter(chapter));
            assert!(!boxes.is_empty(), "nothing is to be typed in {chapter:?}");
            boxes.iter().for_each(|one| script.push_str(&one.command()));
        }
        script
    }

    fn chapter(&self, title: &str) -> &str {
        let heading = format!("\n## {title}\n");
        let (_, rest) = self.text.split_once(&heading).unwrap_or_else(|| panic!("no chapter {title:?}"));
        rest.split_once("\n## ").map_or(rest, |(chapter, _)| chapter)
    }
}

/// A fenced box: what stands behind its three ticks, and what stands in it.
struct Fence<'a> {
    about: &'a str,
    text: String,
}

impl Fence<'_> {
    /// How it is typed: a shell's box as it is, a file's box into the file.
    fn command(&self) -> String {
        match self.about.split_once(" file=") {
            Some((_, file)) => {
                format!("test -f {file}\ncat > {file} <<'END_OF_FILE'\n{}END_OF_FILE\n", self.text)
            }
            None if self.about == "sh" => self.text.clone(),
            None => String::new(),
        }
    }
}

fn boxes(chapter: &str) -> Vec<Fence<'_>> {
    let mut boxes = Vec::new();
    let mut lines = chapter.lines();
    while let Some(line) = lines.next() {
        let Some(about) = line.strip_prefix("```") else { continue };
        let text = lines.by_ref().take_while(|line| *line != "```").map(|line| format!("{line}\n")).collect();
        boxes.push(Fence { about, text });
    }
    boxes
}
