//! What is wrong with settings.

/// What is wrong with one setting, shown beside its field.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// The setting's key, `outer.inner` inside an object; empty for the whole form.
    pub field: String,
    /// What is wrong, for the admin.
    pub text: String,
}

/// What is wrong with settings: one or several problems. Any error becomes one that concerns the whole form, by `?`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Problems(Vec<Problem>);

impl Problems {
    /// None yet: [`add`](Self::add) them, and end with [`or`](Self::or).
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// One, of the setting `field`.
    pub fn at(field: impl Into<String>, text: impl Into<String>) -> Self {
        Self(vec![Problem { field: field.into(), text: text.into() }])
    }

    /// One more.
    pub fn add(&mut self, field: impl Into<String>, text: impl Into<String>) {
        self.0.push(Problem { field: field.into(), text: text.into() });
    }

    /// `value` if there is no problem.
    ///
    /// # Errors
    /// The problems, where there are any.
    pub fn or<T>(self, value: T) -> Result<T, Self> {
        if self.0.is_empty() { Ok(value) } else { Err(self) }
    }

    /// All of them.
    #[must_use]
    pub fn as_slice(&self) -> &[Problem] {
        &self.0
    }
}

impl<E: std::error::Error> From<E> for Problems {
    fn from(error: E) -> Self {
        Self::at("", error.to_string())
    }
}

impl From<Problems> for Vec<crate::bindings::setup::Problem> {
    fn from(problems: Problems) -> Self {
        let raw =
            |problem: Problem| crate::bindings::setup::Problem { field: problem.field, text: problem.text };
        problems.0.into_iter().map(raw).collect()
    }
}
