"""Peers in Python: scikit-learn's linear classifiers and fastText.

    python_peers.py SYSTEM train --rows FILE --field NAME --kind KIND --model FILE
    python_peers.py SYSTEM judge … --predictions FILE

`judge` writes a line of scores for each row and prints its speed as JSON.
"""

import argparse
import json
import pathlib
import pickle
import random
import re
import statistics
import time


class Scikit:
    """TF-IDF of words 1-2 and characters 3-5 with a linear classifier, classes balanced, one per label if several."""

    def __init__(self, kind, score_kind, estimator=None):
        self.kind = kind
        self.score_kind = score_kind
        self.estimator = estimator

    def train(self, rows):
        from sklearn.feature_extraction.text import TfidfVectorizer
        from sklearn.multiclass import OneVsRestClassifier
        from sklearn.pipeline import make_pipeline, make_union
        from sklearn.preprocessing import MultiLabelBinarizer

        words = TfidfVectorizer(ngram_range=(1, 2), sublinear_tf=True)
        characters = TfidfVectorizer(analyzer="char_wb", ngram_range=(3, 5), sublinear_tf=True)
        texts = [text for text, _ in rows]
        binarizer = MultiLabelBinarizer() if self.kind == "multi-label" else None
        if binarizer:
            labels = binarizer.fit_transform([labels for _, labels in rows])
            estimator = OneVsRestClassifier(self.estimator)
        else:
            labels = [labels[0] for _, labels in rows]
            estimator = self.estimator
        self.pipeline = make_pipeline(make_union(words, characters), estimator).fit(texts, labels)
        self.labels = list((binarizer or estimator).classes_)

    def save(self, model):
        with open(model, "wb") as file:
            pickle.dump((self.pipeline, self.labels), file)

    def load(self, model):
        with open(model, "rb") as file:
            self.pipeline, self.labels = pickle.load(file)

    def judge(self, texts):
        if self.score_kind == "probability":
            table = self.pipeline.predict_proba(texts)
        else:
            table = self.pipeline.decision_function(texts)
            if table.ndim == 1:  # of two labels only the second has a margin
                table = [(-margin, margin) for margin in table]
        return [dict(zip(self.labels, map(float, row))) for row in table]

    def ways(self):
        """The usual ways to ask; for one label the label alone, for several their scores."""
        if self.kind == "single":
            return {"all at once": self.pipeline.predict}
        scores = self.score_kind == "probability"
        return {"all at once": self.pipeline.predict_proba if scores else self.pipeline.decision_function}


class FastText:
    """fastText supervised on lower-case text with punctuation set apart, as its tutorial prepares it."""

    score_kind = "probability"

    def __init__(self, kind):
        self.kind = kind

    def train(self, rows):
        import fasttext

        self.labels = sorted({label for _, labels in rows for label in labels})
        numbers = {label: f"__label__{at}" for at, label in enumerate(self.labels)}
        # A text of no label would be left out of training.
        lines = [
            f"{' '.join(numbers[label] for label in labels) or '__label__none'} {self.prepare(text)}"
            for text, labels in rows
        ]
        random.Random(1).shuffle(lines)
        source = pathlib.Path(f"{self.path}.txt")
        source.write_text("\n".join(lines) + "\n", encoding="utf8")
        self.model = fasttext.train_supervised(
            str(source),
            loss="ova" if self.kind == "multi-label" else "softmax",
            epoch=50 if len(rows) < 20_000 else 10,  # the better ones within training parts
            lr=0.5,
            dim=100,
            wordNgrams=2,
            minn=2,
            maxn=4,
            bucket=100_000,
            thread=1,
            verbose=0,
        )
        source.unlink()

    def save(self, model):
        self.model.save_model(model)
        pathlib.Path(f"{model}.labels").write_text(json.dumps(self.labels), encoding="utf8")

    def load(self, model):
        import fasttext

        self.model = fasttext.load_model(model)
        self.labels = json.loads(pathlib.Path(f"{model}.labels").read_text(encoding="utf8"))

    def judge(self, texts):
        return [self.scores(text) for text in texts]

    def scores(self, text):
        found = zip(*self.model.predict(self.prepare(text), k=-1))
        named = ((name.removeprefix("__label__"), float(score)) for name, score in found)
        return {self.labels[int(name)]: min(1.0, score) for name, score in named if name != "none"}

    def ways(self):
        k = 1 if self.kind == "single" else -1
        return {
            "all at once": lambda texts: self.model.predict([self.prepare(text) for text in texts], k=k),
            "one at a time": lambda texts: [self.model.predict(self.prepare(text), k=k) for text in texts],
        }

    @staticmethod
    def prepare(text):
        return " ".join(re.sub(r"([.!?,'/()\"])", r" \1 ", text.lower()).split())


def create(system, kind):
    if system == "fasttext":
        return FastText(kind)
    if system == "scikit-svc":
        from sklearn.svm import LinearSVC

        return Scikit(kind, "margin", LinearSVC(class_weight="balanced"))
    from sklearn.linear_model import LogisticRegression

    return Scikit(kind, "probability", LogisticRegression(C=5, class_weight="balanced", max_iter=1000))


def read_rows(path, field):
    with open(path, encoding="utf8") as file:
        for row in map(json.loads, file):
            label = row[field]
            yield row["text"], [str(each) for each in (label if isinstance(label, list) else [label])]


def texts_per_second(ask, texts):
    """Of processor time, which on one core is the clock's unless other work takes its share: the median of five
    passes after one to warm up, each at least half a second."""
    rates = []
    for _ in range(6):
        done, started = 0, time.process_time()
        while done == 0 or time.process_time() - started < 0.5:
            ask(texts)
            done += len(texts)
        rates.append(done / (time.process_time() - started))
    return statistics.median(rates[1:])


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("system", choices=["scikit-lr", "scikit-svc", "fasttext"])
    parser.add_argument("verb", choices=["train", "judge"])
    for name in ("rows", "field", "kind", "model"):
        parser.add_argument(f"--{name}", required=True)
    parser.add_argument("--predictions")
    arguments = parser.parse_args()

    rows = list(read_rows(arguments.rows, arguments.field))
    peer = create(arguments.system, arguments.kind)
    peer.path = arguments.model
    if arguments.verb == "train":
        peer.train(rows)
        peer.save(arguments.model)
        return
    peer.load(arguments.model)
    texts = [text for text, _ in rows]
    with open(arguments.predictions, "w", encoding="utf8") as file:
        for scores in peer.judge(texts):
            file.write(json.dumps({"scores": {label: round(score, 7) for label, score in scores.items()}}) + "\n")
    speeds = {way: texts_per_second(ask, texts[:2000]) for way, ask in peer.ways().items()}
    way = max(speeds, key=speeds.get)
    print(json.dumps({"textsPerSecond": speeds[way], "way": way, "scoreKind": peer.score_kind}))


if __name__ == "__main__":
    main()
