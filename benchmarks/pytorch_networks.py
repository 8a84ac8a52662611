"""The networks of src/nn/networks.cc in PyTorch, with torchvision's parameter names."""

from torch import nn


class Cnn(nn.Module):
    def __init__(self, channels=3, classes=10):
        super().__init__()
        self.conv1 = nn.Conv2d(channels, 32, 3, padding=1, bias=False)
        self.bn1 = nn.BatchNorm2d(32)
        self.conv2 = nn.Conv2d(32, 64, 3, padding=1, bias=False)
        self.bn2 = nn.BatchNorm2d(64)
        self.conv3 = nn.Conv2d(64, 128, 3, padding=1, bias=False)
        self.bn3 = nn.BatchNorm2d(128)
        self.relu = nn.ReLU(inplace=True)
        self.pool = nn.MaxPool2d(2)
        self.fc = nn.Linear(128, classes)

    def forward(self, x):
        x = self.pool(self.relu(self.bn1(self.conv1(x))))
        x = self.pool(self.relu(self.bn2(self.conv2(x))))
        x = self.relu(self.bn3(self.conv3(x)))
        return self.fc(x.mean((2, 3)))


def convolution_block(inputs, outputs, kernel=1, stride=1, groups=1):
    return nn.Sequential(
        nn.Conv2d(inputs, outputs, kernel, stride, kernel // 2, groups=groups, bias=False),
        nn.BatchNorm2d(outputs), nn.ReLU6(inplace=True))


class InvertedResidual(nn.Module):
    def __init__(self, inputs, outputs, stride, expansion):
        super().__init__()
        hidden = inputs * expansion
        self.adds = stride == 1 and inputs == outputs
        expand = [convolution_block(inputs, hidden)] if expansion != 1 else []
        self.conv = nn.Sequential(*expand, convolution_block(hidden, hidden, 3, stride, hidden),
                                  nn.Conv2d(hidden, outputs, 1, bias=False),
                                  nn.BatchNorm2d(outputs))

    def forward(self, x):
        return x + self.conv(x) if self.adds else self.conv(x)


def scaled_channels(channels, width):
    scaled = channels * width
    rounded = max(8, int(scaled + 4) // 8 * 8)
    return rounded + 8 if rounded < 0.9 * scaled else rounded


class MobileNetV2(nn.Module):
    """With the strides for small images, and without dropout."""

    GROUPS = [(1, 16, 1, 1), (6, 24, 2, 1), (6, 32, 3, 2), (6, 64, 4, 2), (6, 96, 3, 1),
              (6, 160, 3, 2), (6, 320, 1, 1)]

    def __init__(self, width=1.0, channels=3, classes=10):
        super().__init__()
        inputs = scaled_channels(32, width)
        features = [convolution_block(channels, inputs, 3)]
        for expansion, outputs, repeats, stride in self.GROUPS:
            outputs = scaled_channels(outputs, width)
            for i in range(repeats):
                features.append(InvertedResidual(inputs, outputs, stride if i == 0 else 1,
                                                 expansion))
                inputs = outputs
        last = scaled_channels(1280, max(width, 1.0))
        features.append(convolution_block(inputs, last))
        self.features = nn.Sequential(*features)
        self.classifier = nn.Sequential(nn.Identity(), nn.Linear(last, classes))

    def forward(self, x):
        return self.classifier(self.features(x).mean((2, 3)))


class BasicBlock(nn.Module):
    def __init__(self, inputs, outputs, stride):
        super().__init__()
        self.conv1 = nn.Conv2d(inputs, outputs, 3, stride, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(outputs)
        self.conv2 = nn.Conv2d(outputs, outputs, 3, 1, 1, bias=False)
        self.bn2 = nn.BatchNorm2d(outputs)
        self.relu = nn.ReLU(inplace=True)
        self.downsample = None
        if stride != 1 or inputs != outputs:
            self.downsample = nn.Sequential(nn.Conv2d(inputs, outputs, 1, stride, bias=False),
                                            nn.BatchNorm2d(outputs))

    def forward(self, x):
        shortcut = x if self.downsample is None else self.downsample(x)
        y = self.bn2(self.conv2(self.relu(self.bn1(self.conv1(x)))))
        return self.relu(y + shortcut)


class ResNet(nn.Module):
    """With the stem for small images: a 3x3 convolution and no max pool."""

    def __init__(self, blocks, first_channels=64, channels=3, classes=10):
        super().__init__()
        self.conv1 = nn.Conv2d(channels, first_channels, 3, 1, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(first_channels)
        self.relu = nn.ReLU(inplace=True)
        inputs = first_channels
        for group, count in enumerate(blocks):
            outputs = first_channels << group
            layers = []
            for i in range(count):
                layers.append(BasicBlock(inputs, outputs, 2 if i == 0 and group > 0 else 1))
                inputs = outputs
            setattr(self, f"layer{group + 1}", nn.Sequential(*layers))
        self.fc = nn.Linear(inputs, classes)

    def forward(self, x):
        x = self.relu(self.bn1(self.conv1(x)))
        x = self.layer4(self.layer3(self.layer2(self.layer1(x))))
        return self.fc(x.mean((2, 3)))


def build(name, channels=3):
    """A network by its name in edgeprune, for 10 classes."""
    return {"cnn": Cnn,
            "mobilenet_v2": lambda c: MobileNetV2(channels=c),
            "resnet18": lambda c: ResNet((2, 2, 2, 2), channels=c),
            "resnet34": lambda c: ResNet((3, 4, 6, 3), channels=c)}[name](channels)
