# What S3 removes or moves by itself. Rules are by dataset, so that a hold of one leaves the others alone.
locals {
  # The archive takes rejected records away itself when they are this old (erasureDeadlineMs in services/core/topic.ts).
  # S3 does so where it did not: never before it, or a manifest would name what is not there.
  rejected_days            = 30
  rejected_noncurrent_days = 1

  removals = concat(
    [
      for name in local.datasets : {
        id              = "versions-${name}"
        prefix          = "${var.prefix}${name}/"
        days            = name == "rejected" ? local.rejected_days : null
        noncurrent_days = name == "rejected" ? local.rejected_noncurrent_days : var.noncurrent_days
      } if !contains(var.legal_hold, name)
    ],
    [
      for name in local.bookkeeping : {
        id              = "versions-${name}"
        prefix          = "${var.prefix}${name}/"
        days            = null
        noncurrent_days = var.noncurrent_days
      }
    ],
  )
}

resource "aws_s3_bucket_lifecycle_configuration" "archive" {
  bucket = aws_s3_bucket.archive.id

  # What was begun and never ended is seen by nobody, and paid for.
  rule {
    id     = "abort-uploads"
    status = "Enabled"

    filter {
      prefix = var.prefix
    }

    abort_incomplete_multipart_upload {
      days_after_initiation = 1
    }
  }

  dynamic "rule" {
    for_each = local.removals

    content {
      id     = rule.value.id
      status = "Enabled"

      filter {
        prefix = rule.value.prefix
      }

      # With days S3 sees to delete markers too; both at once it refuses.
      expiration {
        days                         = rule.value.days
        expired_object_delete_marker = rule.value.days == null ? true : null
      }

      noncurrent_version_expiration {
        noncurrent_days = rule.value.noncurrent_days
      }
    }
  }

  # Data alone: manifests are small, and read all the time.
  dynamic "rule" {
    for_each = var.colder

    content {
      id     = "colder-${rule.key}"
      status = "Enabled"

      filter {
        prefix = "${var.prefix}${rule.key}/v1/day="
      }

      dynamic "transition" {
        for_each = rule.value

        content {
          days          = transition.value.days
          storage_class = transition.value.storage_class
        }
      }
    }
  }

  # Rules about versions need versions.
  depends_on = [aws_s3_bucket_versioning.archive]
}
