# What the configuration of a deployment needs.
output "bucket" {
  description = "Name of the bucket."
  value       = aws_s3_bucket.archive.id
}

output "address" {
  description = "Where the archive is, as its configuration and queries name it."
  value       = trimsuffix("s3://${var.bucket_name}/${var.prefix}", "/")
}

output "bucket_arn" {
  description = "ARN of the bucket."
  value       = aws_s3_bucket.archive.arn
}

output "policy_arns" {
  description = "ARNs of the policies to attach to roles: writer (the archive stage), reader (data teams), operator (verify, replay, erase), hold (who answers to a court)."
  value       = { for name, policy in aws_iam_policy.archive : name => policy.arn }
}

output "last_copy_days" {
  description = "After how many days at most nothing is left of what the archive replaced or deleted, by dataset; null under a legal hold: it stays until the hold ends."
  value = {
    for name in local.datasets : name => contains(var.legal_hold, name) ? null : (name == "rejected" ? local.rejected_noncurrent_days : var.noncurrent_days) + 2
  }
}
