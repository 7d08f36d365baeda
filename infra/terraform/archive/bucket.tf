# The bucket: versions kept, encrypted, closed to the public, reached by TLS alone.
locals {
  # As in services/archive/datasets.ts.
  datasets = ["signals", "insights", "revisions", "judgements", "alerts", "rejected", "dropped"]
  # As in services/archive/layout.ts, and hiddenFolder of services/core/objects/keys.ts.
  bookkeeping = ["_chunks", "_erasures", "_lease", ".signpost"]
}

resource "aws_s3_bucket" "archive" {
  bucket        = var.bucket_name
  force_destroy = false
  # Locks nothing by itself. A bucket that has it can hold versions for a court from one day to the next.
  object_lock_enabled = true
  tags                = var.tags

  lifecycle {
    prevent_destroy = true
  }
}

resource "aws_s3_bucket_versioning" "archive" {
  bucket = aws_s3_bucket.archive.id

  versioning_configuration {
    status = "Enabled"
  }
}

resource "aws_s3_bucket_server_side_encryption_configuration" "archive" {
  bucket = aws_s3_bucket.archive.id

  rule {
    # One request to KMS for many objects.
    bucket_key_enabled = var.kms_key_arn != null

    apply_server_side_encryption_by_default {
      sse_algorithm     = var.kms_key_arn == null ? "AES256" : "aws:kms"
      kms_master_key_id = var.kms_key_arn
    }
  }
}

resource "aws_s3_bucket_public_access_block" "archive" {
  bucket                  = aws_s3_bucket.archive.id
  block_public_acls       = true
  block_public_policy     = true
  ignore_public_acls      = true
  restrict_public_buckets = true
}

# No ACLs: what is written belongs to the bucket's owner, whoever writes it.
resource "aws_s3_bucket_ownership_controls" "archive" {
  bucket = aws_s3_bucket.archive.id

  rule {
    object_ownership = "BucketOwnerEnforced"
  }
}

resource "aws_s3_bucket_policy" "archive" {
  bucket = aws_s3_bucket.archive.id
  policy = data.aws_iam_policy_document.bucket.json

  # A policy that comes while public access is being blocked is refused now and then.
  depends_on = [aws_s3_bucket_public_access_block.archive]
}

data "aws_iam_policy_document" "bucket" {
  statement {
    sid       = "TlsOnly"
    effect    = "Deny"
    actions   = ["s3:*"]
    resources = [aws_s3_bucket.archive.arn, "${aws_s3_bucket.archive.arn}/*"]

    principals {
      type        = "*"
      identifiers = ["*"]
    }

    condition {
      test     = "Bool"
      variable = "aws:SecureTransport"
      values   = ["false"]
    }
  }

  statement {
    sid       = "Tls12AtLeast"
    effect    = "Deny"
    actions   = ["s3:*"]
    resources = [aws_s3_bucket.archive.arn, "${aws_s3_bucket.archive.arn}/*"]

    principals {
      type        = "*"
      identifiers = ["*"]
    }

    condition {
      test     = "NumericLessThan"
      variable = "s3:TlsVersion"
      values   = ["1.2"]
    }
  }

  # Lifecycle rules are not bound by policies: lifecycle.tf leaves out those of datasets on hold.
  dynamic "statement" {
    for_each = length(var.legal_hold) == 0 ? [] : ["hold"]

    content {
      sid       = "LegalHold"
      effect    = "Deny"
      actions   = ["s3:DeleteObjectVersion"]
      resources = [for name in var.legal_hold : "${aws_s3_bucket.archive.arn}/${var.prefix}${name}/*"]

      principals {
        type        = "*"
        identifiers = ["*"]
      }
    }
  }
}
