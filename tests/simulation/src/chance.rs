//! Everything that is left to chance in a world, from its seed alone.

/// A generator whose whole sequence follows from one number.
#[derive(Debug, Clone)]
pub struct Chance(fastrand::Rng);

impl Chance {
    /// The chance of the world `seed`.
    pub fn new(seed: u64) -> Self {
        Self(fastrand::Rng::with_seed(seed))
    }

    /// True so many times in a hundred.
    pub fn percent(&mut self, times: u32) -> bool {
        self.0.u32(..100) < times
    }

    /// A number from `from` to `to`, both included.
    pub fn between(&mut self, from: u64, to: u64) -> u64 {
        self.0.u64(from..=to)
    }

    /// A place in something of `count` places, which must not be none.
    pub fn index(&mut self, count: usize) -> usize {
        self.0.usize(..count)
    }

    /// One of `choices`, each as likely.
    pub fn pick<T: Copy>(&mut self, choices: &[T]) -> T {
        choices[self.index(choices.len())]
    }

    /// A number below `weights`' sum decides for one of their places.
    pub fn weighed(&mut self, weights: &[u32]) -> usize {
        let mut drawn = self.0.u32(..weights.iter().sum::<u32>());
        let place = weights.iter().position(|&weight| {
            let here = drawn < weight;
            drawn = drawn.saturating_sub(weight);
            here
        });
        place.unwrap_or_default()
    }

    /// Milliseconds that are few most times and many now and then: what disks, networks and people take.
    pub fn delay(&mut self, usual: u64, longest: u64) -> u64 {
        let most = if self.percent(8) { longest } else { usual };
        self.between(0, most)
    }

    /// Milliseconds until something happens that happens at any time, every `mean` milliseconds on average.
    pub fn exponential(&mut self, mean: f64) -> u64 {
        (-mean * (1.0 - self.0.f64()).ln()).round() as u64
    }

    /// A number without meaning.
    pub fn any(&mut self) -> u64 {
        self.0.u64(..)
    }
}
