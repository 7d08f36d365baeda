# farringtonFlexible of R's package surveillance on hourly series. Arguments: counts (series,hour,customers), tests
# (series,hour), both with hours from 0, the number of hours, and where to write series,hour,p. Sorted by series.
suppressMessages(library(surveillance))
args <- commandArgs(trailingOnly = TRUE)
counts <- read.csv(args[1], header = FALSE, col.names = c("series", "hour", "customers"))
tests <- read.csv(args[2], header = FALSE, col.names = c("series", "hour"))
hours <- as.integer(args[3])
counts <- split(counts, counts$series)
tests <- split(tests, tests$series)
# A week takes the place of a year: the reference is the same hour, and those beside it, of six weeks.
control <- list(
  b = 6, w = 1, noPeriods = 1, pastWeeksNotIncluded = 24, reweight = TRUE, weightsThreshold = 2.58,
  trend = TRUE, pThresholdTrend = 0.05, limit54 = c(5, 4), thresholdMethod = "nbPlugin", alpha = 0.01,
  glmWarnings = FALSE
)
out <- file(args[4], "w")
done <- 0
for (name in names(tests)) {
  observed <- integer(hours)
  own <- counts[[name]]
  observed[own$hour + 1] <- own$customers
  series <- sts(observed = matrix(observed), frequency = 168, start = c(1, 1))
  wanted <- tests[[name]]$hour
  # It takes hours without gaps only.
  for (stretch in split(wanted, cumsum(c(1, diff(wanted) != 1)))) {
    control$range <- stretch + 1
    result <- suppressWarnings(farringtonFlexible(series, control))
    p <- as.vector(result@control$pvalue)
    # Where it fits nothing, since all reference counts are 0, it has no bound and never alarms.
    p[is.na(p) | is.na(as.vector(result@upperbound))] <- 1
    writeLines(paste(name, stretch, p, sep = ","), out)
  }
  done <- done + 1
  if (done %% 500 == 0) message(done, " of ", length(tests), " series")
}
close(out)
